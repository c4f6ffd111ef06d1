package metrics

// codes are the status codes that have a series of their own: those of the IANA
// registry and those that gateways use. Any other code is counted as "other" in its
// class, so that a backend cannot create series.
var codes = [...]int{
	100, 101, 102, 103,
	200, 201, 202, 203, 204, 205, 206, 207, 208, 226,
	300, 301, 302, 303, 304, 305, 307, 308,
	400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418,
	421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 499,
	500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
}

// Slots of a code table: each code, then "other" of 1xx to 5xx, then "none".
const (
	otherSlots = len(codes)
	noneSlot   = len(codes) + 5
	codeSlots  = noneSlot + 1
)

var classes = [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}

// slots maps a status code less 100 to its slot.
var slots = func() (table [500]uint8) {
	for i := range table {
		table[i] = uint8(otherSlots + i/100)
	}
	for i, code := range codes {
		table[code-100] = uint8(i)
	}
	return table
}()

// slotOf returns the slot of a status code; anything outside 100..599 is "none".
func slotOf(status int) int {
	if i := status - 100; uint(i) < uint(len(slots)) {
		return int(slots[i])
	}
	return noneSlot
}

// slotLabels returns the code and the class of a slot.
func slotLabels(slot int) (code, class string) {
	switch {
	case slot < otherSlots:
		c := codes[slot]
		return string([]byte{byte('0' + c/100), byte('0' + c/10%10), byte('0' + c%10)}), classes[c/100-1]
	case slot < noneSlot:
		return "other", classes[slot-otherSlots]
	default:
		return "none", "none"
	}
}
