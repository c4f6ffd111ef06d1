package config

import "slices"

// restartKeys are the keys that only a start reads, because they belong to open
// sockets, to the server around them, to the response cache, or to the open log.
var restartKeys = []struct {
	key  string
	same func(a, b *Config) bool
}{
	{"listen", func(a, b *Config) bool { return slices.Equal(a.Listen, b.Listen) }},
	{"admin.listen", func(a, b *Config) bool { return a.Admin.Listen == b.Admin.Listen }},
	{"admin.token", func(a, b *Config) bool { return a.Admin.Token == b.Admin.Token }},
	{"limits.header_bytes", func(a, b *Config) bool { return a.Limits.HeaderBytes == b.Limits.HeaderBytes }},
	{"cache.memory", func(a, b *Config) bool { return a.Cache.Memory == b.Cache.Memory }},
	{"cache.max_object", func(a, b *Config) bool { return a.Cache.MaxObject == b.Cache.MaxObject }},
	{"cache.admission", func(a, b *Config) bool { return a.Cache.Admission == b.Cache.Admission }},
	{"cache.path", func(a, b *Config) bool { return a.Cache.Path == b.Cache.Path }},
	{"cache.save_every", func(a, b *Config) bool { return a.Cache.SaveEvery == b.Cache.SaveEvery }},
	{"log.access.file", func(a, b *Config) bool { return accessFile(a) == accessFile(b) }},
}

// accessFile returns where the access log goes; "" means off.
func accessFile(c *Config) string {
	if c.Log.Access == nil {
		return ""
	}
	return c.Log.Access.File
}

// RestartOnly returns the keys that differ between old and new and that a
// reload cannot change; nil when a reload can take new whole.
func RestartOnly(old, new *Config) []string {
	var keys []string
	for _, k := range restartKeys {
		if !k.same(old, new) {
			keys = append(keys, k.key)
		}
	}
	return keys
}
