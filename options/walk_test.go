package options

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// door is a declaration with a key of each kind.
type door struct {
	name     string
	host     string
	token    string
	file     string
	wait     time.Duration
	most     int64
	tries    int
	part     float64
	rate     float64
	open     bool
	mode     string
	names    []string
	networks []netip.Prefix
	statuses Statuses
	fields   []Field
	lock     struct{ turns int }
	shut     bool
}

func (d *door) Keys(k Keys) {
	k.Itself(&Phrase{
		Form: "`shut`", Texts: Shape{Words: []string{"shut"}},
		Read: func(text string) string {
			if text != "shut" {
				return got(text, "want shut, or a mapping")
			}
			d.shut = true
			return ""
		},
		Text: func() (string, Style) {
			if d.shut {
				return "shut", Plain
			}
			return "", Absent
		},
	})
	k.Text("name", &d.name, "what it is called", Required)
	k.Text("host", &d.host, "", Off, Default("a.example"), Means("the first"))
	k.Secret("token", &d.token, "what opens it")
	k.File("file", &d.file, "beside it", Restart)
	k.Duration("wait", &d.wait, 5*time.Second, "before it shuts", Off)
	k.Size("most", &d.most, 1<<20, "that passes", Restart, Within(1, 1<<30))
	k.Count("tries", &d.tries, 3, "", Within(1, 9))
	k.Share("part", &d.part, 0.5, "of all")
	k.Rate("rate", &d.rate, 10, "")
	k.Switch("open", &d.open, true, "or not")
	k.Choice("mode", &d.mode, []string{"in", "out"}, "which way")
	k.Names("names", &d.names, "of guests", Default("a", "b"), Restart)
	k.Networks("networks", &d.networks, "")
	k.Statuses("statuses", &d.statuses, "")
	k.Fields("fields", &d.fields, "", Many)
	k.Section("lock", func(k Keys) { k.Count("turns", &d.lock.turns, 2, "to the left") }, "how it is shut", Like("locks"))
	k.Later("bell")
	k.Unknown(func(name string) string { return "; no " + name })
}

func fresh() *door {
	d := new(door)
	SectionOf(d).Reset()
	return d
}

func TestResetStoresTheDefaults(t *testing.T) {
	want := &door{host: "a.example", wait: 5 * time.Second, most: 1 << 20, tries: 3, part: 0.5, rate: 10, open: true, mode: "in", names: []string{"a", "b"}}
	want.lock.turns = 2
	if got := fresh(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	a, b := fresh(), fresh()
	a.names[0] = "changed"
	if b.names[0] != "a" {
		t.Error("two instances share a default")
	}
}

func TestRows(t *testing.T) {
	var got []string
	for _, r := range SectionOf(new(door)).Rows() {
		got = append(got, r.String())
	}
	want := []string{
		"| `name` | text: what it is called | required | yes |",
		"| `host` | text, or `off` | the first | yes |",
		"| `token` | text: what opens it | none | yes |",
		"| `file` | file name: beside it | none | restart |",
		"| `wait` | duration or `off`: before it shuts | `5s` | yes |",
		"| `most` | size, 1B to 1GiB that passes | `1MiB` | restart |",
		"| `tries` | number, 1 to 9 | `3` | yes |",
		"| `part` | share of all | `50%` | yes |",
		"| `rate` | rate | `10/s` | yes |",
		"| `open` | switch: or not | `on` | yes |",
		"| `mode` | `in` or `out`: which way | `in` | yes |",
		"| `names` | list of guests | `[a, b]` | restart |",
		"| `networks` | list of networks or addresses | `[]` | yes |",
		"| `statuses` | list of statuses | `[]` | yes |",
		"| `fields` | mapping of field names to a value or a list of values | none | yes |",
		"| `lock` | mapping: how it is shut | as `locks` | yes |",
		"| `lock.turns` | number, 0 to 2147483647: to the left | as `locks.turns` | yes |",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestChangedNamesWhatOnlyAStartReads(t *testing.T) {
	old, same := fresh(), fresh()
	same.open, same.tries, same.lock.turns = false, 9, 1
	if got := Changed(SectionOf(old), SectionOf(same)); got != nil {
		t.Errorf("got %q for keys that a reload takes", got)
	}
	next := fresh()
	next.file, next.most, next.names = "/x", 1, []string{"a"}
	if got, want := Changed(SectionOf(old), SectionOf(next)), []string{"file", "most", "names"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestGetIsTheInverseOfSet holds that what is printed is read back.
func TestGetIsTheInverseOfSet(t *testing.T) {
	d := fresh()
	d.name, d.token, d.file, d.wait, d.shut = "n", "s", "/f", 0, true
	d.networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	d.statuses = Statuses{{First: 500, Last: 599}, {First: 404, Last: 404}}
	again := fresh()
	to := SectionOf(again).Declared()
	for i, k := range SectionOf(d).Declared() {
		switch from := k.Value.(type) {
		case Scalar:
			if text, style := from.Get(); style != Absent {
				if wrong := to[i].Value.(Scalar).Set(text); wrong != "" {
					t.Errorf("%s: %s", k.Name, wrong)
				}
			}
		case List:
			list := to[i].Value.(List)
			list.Clear()
			items, _ := from.Get()
			for _, text := range items {
				if wrong := list.Add(text); wrong != "" {
					t.Errorf("%s: %s", k.Name, wrong)
				}
			}
		}
	}
	if !reflect.DeepEqual(again, d) {
		t.Errorf("got %+v\nwant %+v", again, d)
	}
}

// TestWrongTextsChangeNothing holds that a refused text leaves the value as it was.
func TestWrongTextsChangeNothing(t *testing.T) {
	wrong := map[string]string{
		"name": "", "host": "a\nb", "token": "", "file": "", "wait": "5", "most": "2GiB", "tries": "10", "part": "101%", "rate": "10",
		"open": "yes", "mode": "up",
	}
	d := fresh()
	for _, k := range SectionOf(d).Declared() {
		s, ok := k.Value.(Scalar)
		if !ok || k.Name == "" {
			continue
		}
		if got := s.Set(wrong[k.Name]); got == "" {
			t.Errorf("%s: takes %q", k.Name, wrong[k.Name])
		}
	}
	if want := fresh(); !reflect.DeepEqual(d, want) {
		t.Errorf("got %+v\nwant %+v", d, want)
	}
}

func TestSchemaHasEachKeyOnce(t *testing.T) {
	text, err := SectionOf(new(door)).Schema("a door")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Title                string
		AdditionalProperties bool
		Required             []string
		Properties           map[string]struct{ Description string }
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, k := range SectionOf(new(door)).Declared() {
		if k.Name != "" {
			names = append(names, k.Name)
		}
	}
	if len(doc.Properties) != len(names) || doc.AdditionalProperties || !slices.Equal(doc.Required, []string{"name"}) {
		t.Errorf("got %+v, want the properties %q and no other", doc, names)
	}
	if got := doc.Properties["wait"].Description; got != "duration or off: before it shuts" {
		t.Errorf("got the description %q", got)
	}
}
