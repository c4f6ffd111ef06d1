package headers

import "testing"

func TestFolds(t *testing.T) {
	names := [][]byte{[]byte("X-User"), []byte("X_Group")}
	for name, want := range map[string]bool{
		"X-User": true, "x-user": true, "X_User": true, "x_USER": true, "X-GROUP": true, "x_group": true,
		"X-Users": false, "X-Use": false, "XUser": false, "X--User": false, "X.User": false, "": false, "X\xdfUser": false,
	} {
		if got := Folds([]byte(name), names); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
	if Folds([]byte("X-User"), nil) {
		t.Error("a name is one of none")
	}
}

func TestDropFoldedSparesOurs(t *testing.T) {
	var b Block
	b.Parse([]byte("X-User: forged\r\nx_user: too\r\nA: 1\r\n\r\n"))
	b.Add([]byte("X-User"), []byte("alice"))
	b.DropFolded([][]byte{[]byte("x-user")})
	if got := string(b.Append(nil)); got != "A: 1\r\nX-User: alice\r\n" {
		t.Errorf("got %q", got)
	}
}

// Settled fields are treated as if they had been received: they stay, and are dropped like others.
func TestSettle(t *testing.T) {
	var b Block
	b.Parse([]byte("A: 1\r\nDate: x\r\nB: 2\r\n\r\n"))
	b.Drop(Date)
	b.Add([]byte("Age"), []byte("7"))
	b.Settle()
	b.Restore()
	if got := string(b.Append(nil)); got != "A: 1\r\nB: 2\r\nAge: 7\r\n" || b.Has(Date) || !b.Has(Age) {
		t.Errorf("got %q, Date %v, Age %v", got, b.Has(Date), b.Has(Age))
	}
	if b.Drop(Age); b.Has(Age) {
		t.Error("Age is kept as if it were ours")
	}
}
