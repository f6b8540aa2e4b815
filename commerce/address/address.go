// Package address holds where a person lives or wants a parcel.
package address

// Address is a postal address. Country is ISO 3166-1 alpha-2, upper case.
type Address struct {
	Name       string `json:"name" minLength:"1" maxLength:"200"`
	Company    string `json:"company,omitempty" maxLength:"200"`
	Line1      string `json:"line1" minLength:"1" maxLength:"200"`
	Line2      string `json:"line2,omitempty" maxLength:"200"`
	City       string `json:"city" minLength:"1" maxLength:"200"`
	Region     string `json:"region,omitempty" maxLength:"100"`
	PostalCode string `json:"postal_code" minLength:"1" maxLength:"20"`
	Country    string `json:"country" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2"`
	Phone      string `json:"phone,omitempty" maxLength:"50"`
}
