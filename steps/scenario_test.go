package steps

import "testing"

// TestExpand: what is remembered stands as it is, and in a URL with the brackets that an IPv6 address has there.
func TestExpand(t *testing.T) {
	s := &scenario{remember: map[string]string{"four": "10.96.0.10", "six": "fd00::a", "port": "30080", "name": "web", "the time": "03:04:05"}}
	for text, want := range map[string]string{
		"http://${four}/":                    "http://10.96.0.10/",
		"http://${six}/":                     "http://[fd00::a]/",
		"http://${six}:${port}/healthz":      "http://[fd00::a]:30080/healthz",
		"udp://${six}:9000":                  "udp://[fd00::a]:9000",
		"${six}:5300":                        "[fd00::a]:5300",
		"${four}:5300":                       "10.96.0.10:5300",
		`hostIP: "${six}"`:                   `hostIP: "fd00::a"`,
		"${six}, ${four}":                    "fd00::a, 10.96.0.10",
		"http://${name}.example.com:${port}": "http://web.example.com:30080",
		`"from":"${six}:"`:                   `"from":"[fd00::a]:"`,
		"since ${the time}:00":               "since 03:04:05:00",
		"nothing":                            "nothing",
	} {
		if got, err := s.expand(text); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
	if _, err := s.expand("${four} ${five}"); err == nil {
		t.Error("what is not remembered is expanded")
	}
}
