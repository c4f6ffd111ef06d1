package accesslog

func appendJSON(dst []byte, e *Entry) []byte { return append(dst, e.Protocol...) }

func appendText(dst []byte, e *Entry) []byte { return append(dst, e.Protocol...) }
