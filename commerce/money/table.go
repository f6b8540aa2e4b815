package money

import "strings"

// TableVersion names the edition of the currency table: ISO 4217 list one and
// its funds codes as of amendment 179 of 2025. A code that ISO withdraws later
// stays here, because stored amounts keep it.
const TableVersion = "iso4217-179"

// exponents holds the decimals of every known currency. Metals, test codes and
// units of account without decimals in ISO 4217 (XAU, XDR, XXX) are not in it.
var exponents = table(
	// 0 decimals
	`BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF`,
	// 1 decimal: none
	``,
	// 2 decimals
	`AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
	CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR
	ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV
	MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD
	SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
	// 3 decimals
	`BHD IQD JOD KWD LYD OMR TND`,
	// 4 decimals
	`CLF UYW`,
)

// steps holds the payable step in minor units of the currencies that are not
// paid to the last minor unit.
var steps = map[Currency]int64{"BHD": 10, "JOD": 10, "KWD": 10, "OMR": 10, "TND": 10, "MGA": 100}

// table returns the exponent of each code: the index of the list it is in.
func table(lists ...string) map[Currency]int {
	t := map[Currency]int{}
	for exponent, list := range lists {
		for code := range strings.FieldsSeq(list) {
			t[Currency(code)] = exponent
		}
	}
	return t
}
