package steps

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Sentences about lists that are read in pieces, or as they were at a version.

func listSentences(sc vocabulary) {
	sc.Step(`^the (\w+)s are listed with "([^"]*)"$`, listedBy)
	sc.Step(`^the list is read to its end$`, listReadOn)
	sc.Step(`^the next piece of the list is read$`, nextPiece)
	sc.Step(`^the list has exactly the (\w+)s "([^"]*)"$`, listHas)
	sc.Step(`^the list has "([^"]*)" in "([^"]*)" of "([^"]*)"$`, listedHas)
	sc.Step(`^the list is said to be as of the version "([^"]*)"$`, listIsOf)
	sc.Step(`^the piece has exactly "([^"]*)", and (\d+) more are said to remain$`, pieceHas)
	sc.Step(`^the piece has exactly "([^"]*)", and is the last$`, lastPieceHas)
	sc.Step(`^reading on comes to be refused as expired, or goes on to exactly "([^"]*)" each time$`, readingOnExpires)
	sc.Step(`^a refusal as expired comes with a token that leads on, piece by piece, to exactly "([^"]*)"$`, expiredLeadsOn)
}

// listing is a list that is read piece by piece.
type listing struct {
	kind    string
	query   url.Values // with which it was begun
	pieces  []*unstructured.UnstructuredList
	refused *answer // to the request for the first piece
}

// items are those of all the pieces that were read, in their order.
func (l *listing) items() []unstructured.Unstructured {
	var all []unstructured.Unstructured
	for _, piece := range l.pieces {
		all = append(all, piece.Items...)
	}
	return all
}

func (l *listing) last() *unstructured.UnstructuredList { return l.pieces[len(l.pieces)-1] }

// listed is the list that is being read.
func listed(ctx context.Context) (*scenario, *listing, error) {
	s, err := from(ctx)
	if err != nil {
		return nil, nil, err
	}
	if s.listing == nil {
		return nil, nil, errors.New("no list was begun")
	}
	if refused := s.listing.refused; refused != nil {
		return nil, nil, failed(refused.asked, "a list", refused.String())
	}
	return s, s.listing, nil
}

// listedBy begins a list with parameters of the API, written as a query. The sentences about answers judge a refusal.
func listedBy(ctx context.Context, kind, parameters string) error {
	s, err := from(ctx)
	if err != nil {
		return err
	}
	query, err := url.ParseQuery(parameters)
	if err != nil {
		return fmt.Errorf("the scenario's parameters %q: %w", parameters, err)
	}
	s.listing = &listing{kind: kind, query: query}
	a, err := s.readPiece(ctx, query)
	if err == nil && len(s.listing.pieces) == 0 {
		s.listing.refused = a
	}
	return err
}

// readPiece asks for one piece of the list, and keeps it if it was given.
func (s *scenario) readPiece(ctx context.Context, query url.Values) (*answer, error) {
	path, err := s.pathOf(s.listing.kind, "")
	if err != nil {
		return nil, err
	}
	a, err := s.ask(ctx, http.MethodGet, path, query, "", nil)
	if err != nil || a.code != http.StatusOK || a.object == nil {
		return a, err
	}
	piece, err := a.object.ToList()
	if err != nil {
		return a, failed(a.asked, "a list", err.Error())
	}
	s.listing.pieces = append(s.listing.pieces, piece)
	return a, nil
}

// onward are the parameters that ask for what follows a piece. A version is that of the first piece, and must not be named again.
func (l *listing) onward(token string) url.Values {
	query := url.Values{"continue": {token}}
	for name, values := range l.query {
		if name != "resourceVersion" && name != "resourceVersionMatch" {
			query[name] = values
		}
	}
	return query
}

// expired says whether an answer is that a version has been forgotten, which any version may be, at any time.
func expired(a *answer) bool {
	return a.code == http.StatusGone && a.status != nil && a.status.Reason == metav1.StatusReasonExpired
}

// readOn reads the next piece, which has to be given.
func (s *scenario) readOn(ctx context.Context) error {
	a, err := s.readPiece(ctx, s.listing.onward(s.listing.last().GetContinue()))
	switch {
	case err != nil:
		return err
	case expired(a):
		return &Inconclusive{Why: "the version of the list was forgotten while it was read: " + a.String()}
	case a.code != http.StatusOK:
		return failed(a.asked+" with the token of the piece before", "the next piece", a.String())
	}
	return nil
}

func nextPiece(ctx context.Context) error {
	s, l, err := listed(ctx)
	if err != nil {
		return err
	}
	if l.last().GetContinue() == "" {
		return failed("the list of "+l.kind+"s", "a token that leads on", fmt.Sprintf("none after %s", among(listNames(l.last()))))
	}
	return s.readOn(ctx)
}

// mostPieces is far more than the lists of scenarios have: a server that never says that a list has ended is not asked for ever.
const mostPieces = 100

func listReadOn(ctx context.Context) error {
	s, l, err := listed(ctx)
	if err != nil {
		return err
	}
	for l.last().GetContinue() != "" {
		if len(l.pieces) > mostPieces {
			return failed("the list of "+l.kind+"s", "an end", fmt.Sprintf("%d pieces, and a token that leads on", len(l.pieces)))
		}
		if err := s.readOn(ctx); err != nil {
			return err
		}
	}
	s.observe("list of "+l.kind+"s", fmt.Sprintf("%d pieces", len(l.pieces)))
	return nil
}

// listHas compares the objects of all pieces, so that one that comes twice is seen.
func listHas(ctx context.Context, kind, list string) error {
	if err := accepted(ctx); err != nil {
		return err
	}
	_, l, err := listed(ctx)
	if err != nil {
		return err
	}
	found, want := []string{}, names(list)
	for _, item := range l.items() {
		found = append(found, item.GetName())
	}
	slices.Sort(found)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		return failed("the "+kind+"s of the list, all pieces together", among(want), among(found))
	}
	return nil
}

func listedHas(ctx context.Context, value, path, name string) error {
	_, l, err := listed(ctx)
	if err != nil {
		return err
	}
	for _, item := range l.items() {
		if item.GetName() != name {
			continue
		}
		found, there, err := valueOf(&item, path)
		if err == nil && (!there || found != value) {
			err = failed(fmt.Sprintf("%q of %s in the list", path, name), fmt.Sprintf("%q", value), said(&item, found, there))
		}
		return err
	}
	return failed(fmt.Sprintf("%s in the list", name), "it is there", "it is not")
}

func listIsOf(ctx context.Context, version string) error {
	_, l, err := listed(ctx)
	if err != nil {
		return err
	}
	for _, piece := range l.pieces {
		if piece.GetResourceVersion() != version {
			return failed("the resourceVersion of the list", version, piece.GetResourceVersion())
		}
	}
	return nil
}

// remaining is the number of those that a piece says to follow it; empty if it says none.
func remaining(piece *unstructured.UnstructuredList) string {
	value, _, _ := valueOf(&unstructured.Unstructured{Object: piece.Object}, "metadata.remainingItemCount")
	return value
}

func pieceHas(ctx context.Context, list string, more int) error {
	_, l, err := listed(ctx)
	if err != nil {
		return err
	}
	piece, want := l.last(), fmt.Sprintf("%s, a token that leads on, and %d remaining", list, more)
	left := remaining(piece)
	if left == "" {
		left = "an unknown number of"
	}
	token := "no token"
	if piece.GetContinue() != "" {
		token = "a token that leads on"
	}
	if seen := fmt.Sprintf("%s, %s, and %s remaining", among(listNames(piece)), token, left); seen != want {
		return failed("the piece of the list", want, seen)
	}
	return nil
}

func lastPieceHas(ctx context.Context, list string) error {
	_, l, err := listed(ctx)
	if err != nil {
		return err
	}
	piece := l.last()
	if seen := among(listNames(piece)); seen != list || piece.GetContinue() != "" || remaining(piece) != "" {
		return failed("the last piece of the list", list+", no token, and no number of what remains",
			fmt.Sprintf("%s, the token %q, and the number %q", seen, piece.GetContinue(), remaining(piece)))
	}
	return nil
}

// expiryPause is between two looks at whether a token is still good.
const expiryPause = 250 * time.Millisecond

// readingOnExpires asks for the next piece with one and the same token until its version has been forgotten. Until then it has to lead to
// what was there at that version; a server that never forgets may do so for ever.
func readingOnExpires(ctx context.Context, list string) error {
	s, l, err := listed(ctx)
	if err != nil {
		return err
	}
	if l.last().GetContinue() == "" {
		return &Unsupported{Why: "the API server does not give lists in pieces, as it may"}
	}
	query, begun := l.onward(l.last().GetContinue()), time.Now()
	ticker := time.NewTicker(expiryPause)
	defer ticker.Stop()
	for {
		l.pieces = l.pieces[:1]
		a, err := s.readPiece(ctx, query)
		waited := time.Since(begun)
		switch {
		case err != nil:
			return err
		case expired(a):
			s.observe("list of "+l.kind+"s", fmt.Sprintf("its version was forgotten after %.1f s", waited.Seconds()))
			return nil
		case a.code != http.StatusOK:
			return failed(a.asked+" with the token of the piece before", "the next piece, or 410 Expired", a.String())
		}
		if seen := among(listNames(l.last())); seen != list {
			return &Failure{What: "the piece that a token of an older version leads to", Expected: list + ", as it was then, or 410 Expired", Seen: seen, Waited: waited, At: time.Now()}
		}
		if waited > boundForgotten.within(ctx) {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// expiredLeadsOn takes the token that comes with a refusal, and reads from there to the end: it leads to what follows as it is now, in
// pieces of whatever size, and so does the token of a refusal on the way. Where nothing was refused, there is nothing to judge.
func expiredLeadsOn(ctx context.Context, list string) error {
	s, l, err := listed(ctx)
	if err != nil {
		return err
	}
	a := s.answer
	if !expired(a) {
		return nil
	}
	l.pieces = l.pieces[:1]
	for asked := 0; ; asked++ {
		token := l.last().GetContinue()
		if expired(a) {
			token = a.status.Continue
			if token == "" {
				return failed(a.asked, "410 Expired, with a token that leads on", a.String()+", without one")
			}
		}
		if token == "" {
			break
		}
		if asked > mostPieces {
			return failed("what the refusal's token leads to", "an end", fmt.Sprintf("%d answers, and a token that leads on", asked))
		}
		if a, err = s.readPiece(ctx, l.onward(token)); err != nil {
			return err
		}
		if a.code != http.StatusOK && !expired(a) {
			return failed(a.asked+" with the refusal's token", "the next piece", a.String())
		}
	}
	found, want := []string{}, names(list)
	for _, piece := range l.pieces[1:] {
		found = append(found, listNames(piece)...)
	}
	slices.Sort(found)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		return failed("what the refusal's token leads to, all pieces together", among(want), among(found))
	}
	return nil
}
