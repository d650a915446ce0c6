package plumbline

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// How often the run says how far it is: on a terminal by a line that is drawn anew, elsewhere by lines that stay.
const (
	drawEvery  = 500 * time.Millisecond
	speakEvery = 10 * time.Second
)

// talk says how far the run is, until it is stopped.
func (e *engine) talk(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	every, say := speakEvery, func(words string) { e.printf("  %s\n", words) }
	if terminal := terminalOf(e.options.log()); terminal != nil {
		every, say = drawEvery, func(words string) { e.draw(clipped(words, width(terminal))) }
	}
	var group sync.WaitGroup
	group.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-ticker.C:
				say(e.progress.words(e.started, now))
			}
		}
	})
	return func() {
		cancel()
		group.Wait()
		e.draw("")
	}
}

// terminalOf is the terminal that a writer writes to, if it is one on which a line can be drawn anew.
func terminalOf(w io.Writer) *os.File {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == "" || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return file
}

// width is how many columns a terminal has now.
func width(terminal *os.File) int {
	if columns, _, err := term.GetSize(int(terminal.Fd())); err == nil && columns > 0 {
		return columns
	}
	return 80
}

// clipped cuts a line to what so many columns show in one: a longer one could not be drawn anew.
func clipped(line string, columns int) string {
	if runes := []rune(line); len(runes) >= columns {
		return string(runes[:max(0, columns-2)]) + "…"
	}
	return line
}

// wipe brings a terminal back to the beginning of its line, and empties that.
const wipe = "\r\x1b[2K"

// draw shows a line at the foot of what the terminal shows, in place of the one before; nothing removes it.
func (e *engine) draw(line string) {
	e.talking.Lock()
	defer e.talking.Unlock()
	if line != e.foot {
		fmt.Fprint(e.options.log(), wipe+line)
		e.foot = line
	}
}

// printf writes whole lines to the log, from any goroutine. They stand above the line at the foot.
func (e *engine) printf(format string, args ...any) {
	e.talking.Lock()
	defer e.talking.Unlock()
	before := ""
	if e.foot != "" {
		before = wipe
	}
	fmt.Fprint(e.options.log(), before+fmt.Sprintf(format, args...)+e.foot)
}
