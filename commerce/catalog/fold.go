package catalog

import (
	"strings"
	"unicode"
)

// folds are letters that search takes for the first of their group: those that
// Unicode writes as that letter with marks, and what Greek and Turkish write
// elsewhere in a word. Written composed or not, a word folds to the same.
const folds = "" +
	"aàáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ bḃḅḇ cçćĉċčḉ dďḋḍḏḑḓ eèéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ fḟ gĝğġģǧǵḡ " +
	"hĥȟḣḥḧḩḫẖ iìíîïĩīĭįǐȉȋḭḯỉị jĵǰ kķǩḱḳḵ lĺļľḷḹḻḽ mḿṁṃ nñńņňǹṅṇṉṋ " +
	"oòóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ pṕṗ rŕŗřȑȓṙṛṝṟ sśŝşšșṡṣṥṧṩ tţťțṫṭṯṱẗ " +
	"uùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự vṽṿ wŵẁẃẅẇẉẘ xẋẍ yýÿŷȳẏẙỳỵỷỹ zźżžẑẓẕ æǣǽ øǿ ſẛ ʒǯ " +
	"αάἀἁἂἃἄἅἆἇὰάᾀᾁᾂᾃᾄᾅᾆᾇᾰᾱᾲᾳᾴᾶᾷ εέἐἑἒἓἔἕὲέ ηήἠἡἢἣἤἥἦἧὴήᾐᾑᾒᾓᾔᾕᾖᾗῂῃῄῆῇ ιιΐίϊἰἱἲἳἴἵἶἷὶίῐῑῒΐῖῗ " +
	"οόὀὁὂὃὄὅὸό ρῤῥ υΰϋύὐὑὒὓὔὕὖὗὺύῠῡῢΰῦῧ ωώὠὡὢὣὤὥὦὧὼώᾠᾡᾢᾣᾤᾥᾦᾧῲῳῴῶῷ ϒϓϔ аӑӓ гѓ еѐёӗ жӂӝ зӟ ийѝӣӥ " +
	"кќ оӧ уўӯӱӳ чӵ ыӹ эӭ ії ѵѷ әӛ өӫ σς iı"

var folded = foldTable()

func foldTable() map[rune]rune {
	m := map[rune]rune{}
	for group := range strings.FieldsSeq(folds) {
		base := rune(0)
		for _, r := range group {
			if base == 0 {
				base = r
			}
			m[r] = base
		}
	}
	return m
}

// fold returns s in lower case without accents: what search compares.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		const firstMark, lastMark = 0x300, 0x36f // combining, after their letter
		if r >= firstMark && r <= lastMark {
			return -1
		}
		r = unicode.ToLower(r)
		if base, ok := folded[r]; ok {
			return base
		}
		return r
	}, s)
}
