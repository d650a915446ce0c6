// Package pages tries the pages that people read in a browser: the report's, the comparison's and the kill matrix. `make pages` runs
// its tests, which have the build tag pages, so that nothing else needs a browser.
package pages

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Browser is a headless Chromium that is driven by its debugging protocol, over a pipe: it listens on no port.
type Browser struct {
	command *exec.Cmd
	profile string // a folder that goes with the browser
	to      *os.File
	ended   chan struct{} // is closed when it says no more

	mu      sync.Mutex
	last    int
	waiting map[int]chan message
	tabs    map[string]*Tab // by session
}

// message is one of the protocol: a command's answer, or an event.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// Launch starts a browser that ends with Close, or with the context.
func Launch(ctx context.Context, program string) (*Browser, error) {
	profile, err := os.MkdirTemp("", "plumbline-pages-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the browser: %w", err)
	}
	theirs, to, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe to the browser: %w", err)
	}
	from, theirEnd, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe from the browser: %w", err)
	}
	flags := []string{"--headless", "--remote-debugging-pipe", "--user-data-dir=" + profile, "--no-first-run", "--disable-gpu", "--hide-scrollbars",
		"--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND"}
	if os.Geteuid() == 0 {
		flags = append(flags, "--no-sandbox") // Chromium has none for root
	}
	b := &Browser{command: exec.CommandContext(ctx, program, flags...), profile: profile, to: to, ended: make(chan struct{}),
		waiting: map[int]chan message{}, tabs: map[string]*Tab{}}
	b.command.ExtraFiles = []*os.File{theirs, theirEnd} // 3 and 4: the protocol's
	if err := b.command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	_, _ = theirs.Close(), theirEnd.Close() // the browser has its own
	go b.listen(from)
	return b, nil
}

// Close ends the browser and removes what it left.
func (b *Browser) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := b.call(ctx, "", "Browser.close", nil, nil); err != nil {
		_ = b.command.Process.Kill() // its end is waited for below
	}
	_ = b.command.Wait()
	<-b.ended
	return errors.Join(b.to.Close(), os.RemoveAll(b.profile))
}

// listen takes what the browser says, until it ends.
func (b *Browser) listen(from *os.File) {
	defer close(b.ended)
	defer from.Close()
	reader := bufio.NewReader(from)
	for {
		text, err := reader.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		if answer := b.waiting[m.ID]; m.ID != 0 && answer != nil {
			delete(b.waiting, m.ID)
			answer <- m
		} else if tab := b.tabs[m.Session]; tab != nil {
			tab.note(m)
		}
		b.mu.Unlock()
	}
}

// call gives a command and waits for its result.
func (b *Browser) call(ctx context.Context, session, method string, params, into any) error {
	answer := make(chan message, 1)
	b.mu.Lock()
	b.last++
	id := b.last
	b.waiting[id] = answer
	b.mu.Unlock()
	text, err := json.Marshal(map[string]any{"id": id, "sessionId": session, "method": method, "params": params})
	if session == "" {
		text, err = json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	}
	if err == nil {
		_, err = b.to.Write(append(text, 0))
	}
	if err != nil {
		return fmt.Errorf("tell the browser %s: %w", method, err)
	}
	select {
	case m := <-answer:
		switch {
		case m.Error != nil:
			return fmt.Errorf("%s: %s", method, m.Error.Message)
		case into == nil:
			return nil
		}
		return json.Unmarshal(m.Result, into)
	case <-b.ended:
		return fmt.Errorf("%s: the browser has ended", method)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

// Tab is one page in the browser.
type Tab struct {
	browser *Browser
	session string
	loaded  chan struct{}

	// These are guarded by the browser's lock.
	requests []string // whatever the page asked for, itself included
	troubles []string // errors of its scripts, and what it complained of
}

// Look is how a page is looked at.
type Look struct {
	Width, Height int // in CSS pixels
	Dark          bool
	NoScripts     bool
}

// Open opens a page and waits until it is loaded.
func (b *Browser) Open(ctx context.Context, url string, look Look) (*Tab, error) {
	var target struct{ TargetID string }
	if err := b.call(ctx, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return nil, err
	}
	var attached struct{ SessionID string }
	if err := b.call(ctx, "", "Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached); err != nil {
		return nil, err
	}
	t := &Tab{browser: b, session: attached.SessionID, loaded: make(chan struct{}, 8)}
	b.mu.Lock()
	b.tabs[t.session] = t
	b.mu.Unlock()
	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	for _, command := range []struct {
		method string
		params map[string]any
	}{
		{"Page.enable", nil}, {"Network.enable", nil}, {"Runtime.enable", nil}, {"Log.enable", nil},
		{"Emulation.setDeviceMetricsOverride", map[string]any{"width": look.Width, "height": look.Height, "deviceScaleFactor": 1, "mobile": look.Width < 600}},
		{"Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}},
		{"Emulation.setScriptExecutionDisabled", map[string]any{"value": look.NoScripts}},
		{"Page.navigate", map[string]any{"url": url}},
	} {
		if err := b.call(ctx, t.session, command.method, command.params, nil); err != nil {
			return nil, err
		}
	}
	select {
	case <-t.loaded:
		return t, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("load %s: %w", url, ctx.Err())
	}
}

// note takes an event. The caller holds the browser's lock.
func (t *Tab) note(m message) {
	var said struct {
		Request          struct{ URL string }
		ExceptionDetails struct {
			Text      string
			Exception struct{ Description string }
		}
		Entry struct{ Level, Text, URL string }
	}
	_ = json.Unmarshal(m.Params, &said) // what has another form is none of these
	switch m.Method {
	case "Page.loadEventFired":
		select {
		case t.loaded <- struct{}{}:
		default:
		}
	case "Network.requestWillBeSent":
		t.requests = append(t.requests, said.Request.URL)
	case "Runtime.exceptionThrown":
		t.troubles = append(t.troubles, said.ExceptionDetails.Text+" "+said.ExceptionDetails.Exception.Description)
	case "Log.entryAdded":
		t.troubles = append(t.troubles, strings.Join([]string{said.Entry.Level, said.Entry.Text, said.Entry.URL}, " "))
	}
}

// Noted are the addresses that the page has asked for, and what its scripts stumbled over.
func (t *Tab) Noted() (requests, troubles []string) {
	t.browser.mu.Lock()
	defer t.browser.mu.Unlock()
	return append(requests, t.requests...), append(troubles, t.troubles...)
}

// Eval computes an expression in the page; a promise is waited for.
func (t *Tab) Eval(ctx context.Context, expression string, into any) error {
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	if err := t.browser.call(ctx, t.session, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &got); err != nil {
		return err
	}
	if got.ExceptionDetails != nil {
		return fmt.Errorf("%s: %s", expression, got.ExceptionDetails.Exception.Description)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(got.Result.Value, into); err != nil {
		return fmt.Errorf("%s gave %s: %w", expression, got.Result.Value, err)
	}
	return nil
}

// Press presses a key, named as in KeyboardEvent.key; the text is what it types, or nothing.
func (t *Tab) Press(ctx context.Context, key, text string) error {
	codes := map[string]int{"Tab": 9, "Enter": 13, "Escape": 27}
	for _, way := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": way, "key": key, "windowsVirtualKeyCode": codes[key]}
		if way == "keyDown" && text != "" {
			params["text"] = text
		}
		if err := t.browser.call(ctx, t.session, "Input.dispatchKeyEvent", params, nil); err != nil {
			return err
		}
	}
	return nil
}

// Type types a text into what has the focus.
func (t *Tab) Type(ctx context.Context, text string) error {
	return t.browser.call(ctx, t.session, "Input.insertText", map[string]any{"text": text}, nil)
}

// Shoot writes what is to be seen as a PNG.
func (t *Tab) Shoot(ctx context.Context, path string) error {
	var shot struct{ Data []byte }
	if err := t.browser.call(ctx, t.session, "Page.captureScreenshot", map[string]any{"format": "png"}, &shot); err != nil {
		return err
	}
	return os.WriteFile(path, shot.Data, 0o644)
}
