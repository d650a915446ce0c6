package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func issuer(t *testing.T, url string) *Issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i, err := NewIssuer(url, key)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestTokens(t *testing.T) {
	own, other, twin := issuer(t, "https://own"), issuer(t, "https://other"), issuer(t, "https://own")
	now := time.Unix(1_000_000, 0)
	bearer := Bearer{Namespace: "shop", ServiceAccount: Named{"web", "u1"}, Pod: &Named{"web-1", "u2"}, Node: &Named{"node-1", "u3"}}
	text, err := own.Issue(bearer, []string{"api"}, now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := own.Read(text, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(bearer, claims.Bearer); diff != "" || claims.Subject != "system:serviceaccount:shop:web" || claims.ID == "" {
		t.Errorf("subject %q, ID %q, bearer (-want +got):\n%s", claims.Subject, claims.ID, diff)
	}
	parts := strings.Split(text, ".")
	altered := parts[0] + "." + parts[1] + "A." + parts[2]
	for name, tc := range map[string]struct {
		issuer *Issuer
		text   string
		after  time.Duration
		want   string
	}{
		"expired":                 {own, text, time.Hour + 2*leeway, "service account token has expired"},
		"within the leeway":       {own, text, time.Hour + leeway/2, ""},
		"from the future":         {own, text, -2 * leeway, "service account token is not valid yet"},
		"of another issuer":       {other, text, 0, ErrForeign.Error()},
		"of another key":          {twin, text, 0, "invalid bearer token"},
		"altered":                 {own, altered, 0, ""},
		"without a signature":     {own, parts[0] + "." + parts[1] + ".", 0, "invalid bearer token"},
		"not a token":             {own, "nonsense", 0, ErrForeign.Error()},
		"with another's contents": {own, parts[0] + "." + tokenOf(t, other, now)[1] + "." + parts[2], 0, ErrForeign.Error()},
	} {
		_, err := tc.issuer.Read(tc.text, now.Add(tc.after))
		switch {
		case name == "altered":
			if err == nil {
				t.Errorf("%s: accepted", name)
			}
		case tc.want == "" && err != nil, tc.want != "" && (err == nil || err.Error() != tc.want):
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
	if _, err := other.Read(text, now); !errors.Is(err, ErrForeign) {
		t.Errorf("another's token: %v, want ErrForeign", err)
	}
}

func tokenOf(t *testing.T, i *Issuer, now time.Time) []string {
	t.Helper()
	text, err := i.Issue(Bearer{Namespace: "shop", ServiceAccount: Named{"web", "u1"}}, []string{"api"}, now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(text, ".")
}
