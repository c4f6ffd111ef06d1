package options

// Shape says which texts a value takes, as nearly as a schema can.
type Shape struct {
	Words     []string // one of these
	Pattern   string   // a regular expression, anchored by whoever uses it
	Text      bool     // any text of one line
	Empty     bool     // the empty text too
	Number    bool     // a whole number from Low to High
	Low, High int64
	On, Off   bool // `on` and `off` too
}

// The patterns of values with a unit.
const (
	DurationPattern = `[0-9]+(\.[0-9]+)?(h|m|s|ms|us|µs|ns)([0-9.]+(h|m|s|ms|us|µs|ns))*`
	SizePattern     = `[0-9]+(TiB|GiB|MiB|KiB|B)`
	SharePattern    = `[0-9]{1,9}(\.[0-9]{1,4})?%`
	RatePattern     = `[0-9]{1,9}(\.[0-9]{1,4})?/s`
	StatusPattern   = `[1-5](xx|[0-9][0-9](-[1-5][0-9][0-9])?)`
	TokenPattern    = "[-._~!#$%&'*+^`|0-9A-Za-z]+"
)
