package importer

import (
	"errors"
	"strconv"
	"strings"
)

// Spreadsheets take a cell that begins with one of these for a formula.
const formulaStarts = "=+-@\t\r＝＋－＠"

// isFormula reports whether text, after any apostrophes, begins like a formula.
func isFormula(text string) bool {
	rest := strings.TrimLeft(text, "'")
	for _, start := range formulaStarts {
		if strings.HasPrefix(rest, string(start)) {
			return true
		}
	}
	return false
}

// neutral returns text as a cell that no spreadsheet runs: with an apostrophe
// in front of what looks like a formula. literal undoes it.
func neutral(text string) string {
	if isFormula(text) {
		return "'" + text
	}
	return text
}

// literal returns the text that neutral made cell of. It leaves other cells as
// they are.
func literal(cell string) string {
	if strings.HasPrefix(cell, "'") && isFormula(cell) {
		return cell[1:]
	}
	return cell
}

// neutralMetadata is neutral for a column of unknown kind: a plain number below
// zero stays a number.
func neutralMetadata(text string) string {
	if rest, ok := strings.CutPrefix(text, "-"); ok && plainDecimal(rest) {
		return text
	}
	return neutral(text)
}

// plainDecimal reports whether s is digits with at most one dot between them.
func plainDecimal(s string) bool {
	whole, frac, dotted := strings.Cut(s, ".")
	return whole != "" && strings.Trim(whole, "0123456789") == "" && (!dotted || frac != "" && strings.Trim(frac, "0123456789") == "")
}

func parseBool(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// parsePolicy reads the words of both of Shopify's templates.
func parsePolicy(s string) (Policy, bool) {
	switch p := strings.ToLower(s); p {
	case "", "deny", "false":
		return PolicyDeny, true
	case "continue", "true":
		return PolicyContinue, true
	default:
		return Policy(p), false
	}
}

var errNumber = errors.New("write plain digits")

// parseCount reads an integer within ±MaxCount.
func parseCount(s string) (int64, error) {
	if strings.Trim(strings.TrimPrefix(s, "-"), "0123456789") != "" {
		return 0, errNumber
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > MaxCount || n < -MaxCount {
		return 0, errNumber
	}
	return n, nil
}

// parseGrams reads a weight and rounds it half up to whole grams: Shopify
// converts pounds and writes 453.59237.
func parseGrams(s string) (int64, error) {
	if !plainDecimal(s) {
		return 0, errNumber
	}
	whole, frac, _ := strings.Cut(s, ".")
	n, err := parseCount(whole)
	if err == nil && frac >= "5" {
		n++
	}
	if n > MaxCount {
		return 0, errNumber
	}
	return n, err
}
