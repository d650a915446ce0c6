//go:build pages

package pages

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline/plumbline/ci"
	"github.com/plumbline/plumbline/features"
	"github.com/plumbline/plumbline/reports"
)

// The screens on which pages are looked at. 390 pixels is what most phones have.
var (
	desk  = Look{Width: 1200, Height: 900}
	phone = Look{Width: 390, Height: 844}
)

// open opens a page and fails the test for all that goes wrong.
func open(t *testing.T, b *Browser, path, hash string, look Look) *driven {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	address := (&url.URL{Scheme: "file", Path: path, Fragment: hash}).String()
	tab, err := b.Open(ctx, address, look)
	if err != nil {
		t.Fatal(err)
	}
	d := &driven{T: t, ctx: ctx, tab: tab}
	t.Cleanup(func() {
		requests, troubles := tab.Noted()
		for _, request := range requests {
			if got, err := url.Parse(request); err != nil || got.Path != path {
				t.Errorf("the page asks for %s, and was to need nothing", request)
			}
		}
		if len(troubles) > 0 {
			t.Errorf("the page stumbles: %s", strings.Join(troubles, "\n"))
		}
	})
	return d
}

// driven is a page in a test.
type driven struct {
	*testing.T
	ctx context.Context
	tab *Tab
}

func (d *driven) eval(expression string, into any) {
	d.Helper()
	if err := d.tab.Eval(d.ctx, expression, into); err != nil {
		d.Fatal(err)
	}
}

// is wants an expression to be true.
func (d *driven) is(expression string) {
	d.Helper()
	var got bool
	if d.eval(expression, &got); !got {
		d.Errorf("it is not so that %s", expression)
	}
}

func (d *driven) number(expression string) (n int) {
	d.Helper()
	d.eval(expression, &n)
	return n
}

func (d *driven) press(key, text string) {
	d.Helper()
	if err := d.tab.Press(d.ctx, key, text); err != nil {
		d.Fatal(err)
	}
}

// search types into the field that "/" leads to.
func (d *driven) search(text string) {
	d.Helper()
	d.press("/", "/")
	d.is(`document.activeElement.id === "search"`)
	d.is(`document.activeElement.value === ""`) // the key itself is not typed
	if err := d.tab.Type(d.ctx, text); err != nil {
		d.Fatal(err)
	}
}

// choose sets a field of the filter, as a person does.
func (d *driven) choose(field, value string) {
	d.Helper()
	d.eval(fmt.Sprintf(`{const f = document.getElementById(%q); f.value = %q; f.dispatchEvent(new Event("input", {bubbles: true}))}`, field, value), nil)
	d.is(fmt.Sprintf(`document.getElementById(%q).value === %q`, field, value))
}

func (d *driven) reset() {
	d.Helper()
	d.eval(`form.reset(); filter(); document.activeElement.blur()`, nil)
}

// shown counts what matches a selector and is to be seen.
func (d *driven) shown(selector string) int {
	d.Helper()
	return d.number(fmt.Sprintf(`[...document.querySelectorAll(%q)].filter(e => e.checkVisibility()).length`, selector))
}

// wants wants so many to be seen.
func (d *driven) wants(selector string, n int) {
	d.Helper()
	if got := d.shown(selector); got != n {
		d.Errorf("%d of %s are to be seen, want %d", got, selector, n)
	}
}

// narrow wants nothing to be wider than the screen, not even with everything open.
func (d *driven) narrow() {
	d.Helper()
	const wide = `[...document.querySelectorAll("*")].filter(e => e.checkVisibility() && !e.closest(".wide, pre, svg, .lane > span") && e.getBoundingClientRect().right > innerWidth + 0.5)
		.slice(0, 3).map(e => e.outerHTML.slice(0, 200))`
	for _, state := range []string{"as it is", "with everything open"} {
		if state != "as it is" {
			d.eval(`document.querySelectorAll("details").forEach(e => e.open = true)`, nil)
		}
		var beyond []string
		d.eval(wide, &beyond)
		if width := d.number("document.documentElement.scrollWidth"); width > phone.Width || len(beyond) > 0 {
			d.Errorf("%s the page is %d pixels wide, and the screen %d; beyond it are %q", state, width, phone.Width, beyond)
		}
	}
}

// legible wants all that is written to stand out from its ground by what WCAG asks of ordinary text, 4.5 to 1.
func (d *driven) legible() {
	d.Helper()
	var faint []string
	d.eval(`(() => {
		const parts = c => c.match(/[\d.]+/g).map(Number);
		const light = c => { const [r, g, b] = parts(c).map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
		const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (parts(c)[3] !== 0) return c; } return "rgb(255, 255, 255)"; };
		const faint = new Set();
		for (const e of document.querySelectorAll("body *")) {
			if (!e.checkVisibility() || e.closest("svg, script, option") || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
			const a = light(getComputedStyle(e).color), b = light(ground(e));
			const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
			if (ratio < 4.5) faint.add(e.tagName + "." + e.className + " " + ratio.toFixed(2) + ": " + e.textContent.slice(0, 40));
		}
		return [...faint].slice(0, 10);
	})()`, &faint)
	if len(faint) > 0 {
		d.Errorf("hard to read: %q", faint)
	}
}

// led wants a link to have led to what has this id: it is open, and in sight: its beginning is covered by nothing.
func (d *driven) led(id string) {
	d.Helper()
	d.is(fmt.Sprintf(`document.getElementById(%q).open`, id))
	d.is(fmt.Sprintf(`(e => e.getBoundingClientRect().top < innerHeight && e.contains(document.elementFromPoint(e.getBoundingClientRect().left + 30, e.getBoundingClientRect().top + 8)))(document.getElementById(%q))`, id))
}

// follow goes to a link's place, and waits until the page has noticed.
func (d *driven) follow(id string) {
	d.Helper()
	d.eval(fmt.Sprintf(`new Promise(done => { addEventListener("hashchange", () => setTimeout(done), {once: true}); location.hash = %q; })`, id), nil)
	d.led(id)
}

// opensByKey opens what has this id with the keys alone.
func (d *driven) opensByKey(id string) {
	d.Helper()
	d.eval(fmt.Sprintf(`document.getElementById(%q).open = false; document.getElementById(%q).previousElementSibling?.querySelector("summary")?.focus({preventScroll: true})`, id, id), nil)
	for range 4 {
		d.press("Tab", "")
		var reached bool
		if d.eval(fmt.Sprintf(`document.activeElement.parentElement.id === %q && document.activeElement.matches("summary:focus-visible")`, id), &reached); reached {
			d.press("Enter", "\r")
			d.led(id)
			return
		}
	}
	d.Errorf("the key Tab does not lead to %s", id)
}

// shoot takes a picture for a person to look at.
func (d *driven) shoot(name string) {
	d.Helper()
	if err := d.tab.Shoot(d.ctx, filepath.Join(folder(d.T), name+".png")); err != nil {
		d.Fatal(err)
	}
}

// folder is where pages and pictures are left.
func folder(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "out", "pages"))
	if err == nil {
		err = os.MkdirAll(path, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func launch(t *testing.T) *Browser {
	t.Helper()
	program := os.Getenv("CHROMIUM")
	if program == "" {
		program = "chromium"
	}
	b, err := Launch(context.WithoutCancel(t.Context()), program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// everywhere looks at a page on either screen, by day and by night, and without scripts.
func everywhere(t *testing.T, b *Browser, path, hash string, rows int) {
	t.Helper()
	name := strings.TrimSuffix(filepath.Base(path), ".html")
	for screen, look := range map[string]Look{"desk": desk, "phone": phone} {
		for _, dark := range []bool{false, true} {
			look.Dark = dark
			shade := map[bool]string{false: "light", true: "dark"}[dark]
			t.Run(screen+" "+shade, func(t *testing.T) {
				d := open(t, b, path, "", look)
				d.shoot(strings.Join([]string{name, screen, shade}, "-"))
				d = open(t, b, path, hash, look)
				d.led(hash)
				d.shoot(strings.Join([]string{name, screen, shade, "open"}, "-"))
				if screen == "phone" {
					d.narrow()
				}
				d.legible()
				var ground string
				if d.eval(`getComputedStyle(document.body).backgroundColor`, &ground); (ground == "rgb(255, 255, 255)") == dark {
					t.Errorf("the ground is %s", ground)
				}
			})
		}
	}
	t.Run("without scripts", func(t *testing.T) {
		d := open(t, b, path, "", Look{Width: desk.Width, Height: desk.Height, NoScripts: true})
		d.wants("#filter", 0)
		d.wants(".row", rows)
	})
}

func TestReport(t *testing.T) {
	b := launch(t)
	path := filepath.Join(folder(t), "report.html")
	r := example(true)
	if err := r.WriteHTML(path); err != nil {
		t.Fatal(err)
	}
	const rows = 49 // 48 that were planned, and one line of what was left out
	everywhere(t, b, path, failing, rows)

	d := open(t, b, path, "", desk)
	d.wants(".row", rows)
	d.search("STATUS-400") // in any case
	d.wants(".row", 1)
	d.wants("section", 1)
	d.is(`by("found").textContent === "1 shown"`)
	d.press("Escape", "")
	d.wants(".row", rows)
	d.reset()

	for _, c := range []struct {
		field, value string
		rows         int
	}{{"outcome", "failed", 1}, {"outcome", "missed", 1}, {"outcome", "unsupported", 1}, {"outcome", "passed", 45}, {"outcome", "left-out", 1},
		{"level", "SHOULD", 1}, {"chapter", "9", 25}, {"search", "no such thing", 0}} {
		d.choose(c.field, c.value)
		d.wants(".row", c.rows)
		d.reset()
	}
	d.choose("outcome", "passed")
	d.choose("chapter", "9")
	d.search("row-1-of")
	d.wants(".row", 2) // filters add up

	// A link is followed whatever is filtered.
	d.reset()
	d.choose("outcome", "unsupported")
	d.wants(".row", 1)
	d.follow(failing)
	d.wants(".row", rows)
	d.opensByKey(r.Scenarios[4].ID)

	// The timeline: every object has its row, every observation its mark, in the order of time and within the drawing.
	lanes := fmt.Sprintf(`[...document.getElementById(%q).querySelectorAll(".lane svg")]`, failing)
	if n := d.number(lanes + ".length"); n != 4 {
		t.Errorf("the timeline has %d rows, want the steps and 3 objects", n)
	}
	d.follow(r.Scenarios[1].ID)
	d.follow(failing)
	d.is(lanes + `.slice(1).every(s => s.querySelectorAll("rect.mark").length === 5)`)
	d.is(lanes + `.every(s => { const all = [...s.querySelectorAll("rect")].map(r => r.getBoundingClientRect()), box = s.getBoundingClientRect();
		return all.every((r, i) => r.width > 1 && r.height > 1 && r.left >= box.left - 4 && r.right <= box.right + 4 && (i === 0 || r.left > all[i - 1].left)) })`)
	// Of 12.5 s, the steps take 1, 3 and 5, and what is observed comes after 1, 3, 5, 7 and 9.
	near := `.every((place, i) => Math.abs(place - [%s][i] / 12.5) < 0.01)`
	d.is(lanes + `.slice(1).every(s => { const box = s.getBoundingClientRect(); return [...s.querySelectorAll("rect")].map(r => r.getBoundingClientRect())
		.map(r => ((r.left + r.right) / 2 - box.left) / box.width)` + fmt.Sprintf(near, "1, 3, 5, 7, 9") + `; })`)
	d.is(`(s => { const box = s.getBoundingClientRect(); return [...s.querySelectorAll("rect")].map(r => r.getBoundingClientRect())
		.map(r => (r.left - box.left) / box.width)` + fmt.Sprintf(near, "0, 1, 4, 9") + `; })(` + lanes + `[0])`)
	d.is(lanes + `.every(s => s.getAttribute("aria-label") && [...s.querySelectorAll("rect")].every(r => r.querySelector("title")))`)
	d.is(lanes + `[0].querySelectorAll("rect.failed").length === 1`)

	// Expected and seen stand side by side on a desk, and below each other on a phone.
	beside := fmt.Sprintf(`(([a, b]) => a.top === b.top)([...document.getElementById(%q).querySelector(".pair").children].map(e => e.getBoundingClientRect()))`, failing)
	d.is(beside)
	d = open(t, b, path, failing, phone)
	d.is("!" + beside)
	d.is(`document.querySelector("header").textContent.includes("Invariants: 1 held, 1 breached")`)
}

func TestComparison(t *testing.T) {
	b := launch(t)
	path := filepath.Join(folder(t), "compare.html")
	all := []reports.Compared{{Name: "reference", Report: example(false)}, {Name: "broken", Report: example(true)}}
	if err := reports.WriteComparison(path, all); err != nil {
		t.Fatal(err)
	}
	everywhere(t, b, path, failing, 2)

	d := open(t, b, path, "", desk)
	claims := len(all[0].Claims) + len(all[0].Invariants)
	d.wants(".claim", claims)
	d.search("probe-http")
	d.wants(".claim", 1)
	d.reset()
	d.eval(`by("differ").click()`, nil)
	d.wants(".claim", 3) // an invariant is one of them
	d.reset()
	d.search("services/later")
	d.wants(".claim", 1)
	d.follow(failing)
	d.wants(".claim", claims)
	d.is(`[...document.querySelectorAll(".wide")].every(e => e.scrollWidth <= e.clientWidth)`) // two fit, with whatever was seen
	// The step at which they part is marked, and both sides say how it ended.
	d.is(`(rows => rows.length === 1 && rows[0].textContent.includes("within 30 s") && rows[0].textContent.includes("passed") && rows[0].textContent.includes("failed"))` +
		fmt.Sprintf(`([...document.getElementById(%q).querySelectorAll("tr.parts")])`, failing))
	// However wide the table is, what is opened in it is as wide as the screen.
	d = open(t, b, path, failing, phone)
	d.is(fmt.Sprintf(`document.getElementById(%q).getBoundingClientRect().right <= innerWidth`, failing))
}

func TestMatrix(t *testing.T) {
	b := launch(t)
	mutants, err := ci.Load(filepath.Join("..", "mutants"))
	if err != nil {
		t.Fatal(err)
	}
	claims, err := features.Claims()
	if err != nil {
		t.Fatal(err)
	}
	const lives, unfit = 3, 11 // two of them, by their places
	of := func(m ci.Mutant) (ci.Result, bool) {
		if m.Name == mutants[lives].Name {
			return ci.Result{State: ci.Survived, Why: "the scenario passed: the mutant lives", Seconds: 20}, true
		}
		return ci.Result{State: ci.Caught, Seconds: 31}, true
	}
	if err := ci.NewMatrix(claims, mutants, of, map[string]string{mutants[unfit].Name: "no such line"}).Write(folder(t)); err != nil {
		t.Fatal(err)
	}
	path, one := filepath.Join(folder(t), "matrix.html"), mutants[40]
	rows, subtle := 0, map[string]int{}
	for _, m := range mutants {
		rows += len(m.Claims) + len(m.Invariants())
		subtle[m.Subtle]++
	}
	everywhere(t, b, path, one.Name, rows)

	d := open(t, b, path, "", desk)
	// There is a row for each claim of a mutant; the sum is that of mutants.
	found := func(n int) {
		t.Helper()
		d.is(fmt.Sprintf(`by("found").textContent.startsWith("%d mutant")`, n))
		var names []string
		d.eval(`[...new Set([...document.querySelectorAll(".row")].filter(e => e.checkVisibility()).map(e => e.dataset.name))]`, &names)
		if len(names) != n {
			t.Errorf("%d mutants are to be seen, want %d", len(names), n)
		}
	}
	found(len(mutants))
	d.search(one.Name)
	found(1)
	d.reset()
	d.choose("claim", "labels/in")
	found(len(slices.DeleteFunc(slices.Clone(mutants), func(m ci.Mutant) bool { return !slices.Contains(m.Claims, "labels/in") })))
	d.reset()
	for _, kind := range ci.Subtleties {
		d.choose("subtle", kind)
		found(subtle[kind])
	}
	d.choose("subtle", "any")
	found(len(mutants) - subtle[""])
	d.choose("subtle", "none")
	found(subtle[""])
	d.reset()
	for state, n := range map[string]int{ci.Survived: 1, ci.Stale: 1, ci.Caught: len(mutants) - 2} {
		d.choose("verdict", state)
		found(n)
	}
	d.choose("verdict", ci.Survived)
	d.follow(one.Name)
	found(len(mutants))
	d.opensByKey(one.Name)
	// What was not caught is told of above, by links that lead to it.
	d.is(fmt.Sprintf(`[...document.querySelectorAll("header ul a")].map(a => a.textContent).join() === %q`, mutants[lives].Name+","+mutants[unfit].Name))
}
