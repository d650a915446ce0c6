package reports

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Schema is the JSON schema of the report, in the version that this package writes.
//
//go:embed report.schema.json
var Schema []byte

// WriteJSON writes the report to a file, and never leaves half of one.
func (r *Report) WriteJSON(path string) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	return replace(path, b.Bytes())
}

// ReadJSON reads a report, and refuses one of another version or of a run that did not end.
func ReadJSON(path string) (*Report, error) {
	return readJSON(path, false)
}

// readJSON reads a report. If it is strict, a field that reports do not have is an error too.
func readJSON(path string, strict bool) (*Report, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	var head struct {
		Version  int
		Complete bool
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("read the report %s: %w", path, placed(data, err))
	}
	if head.Version != Version {
		return nil, fmt.Errorf("the report %s has version %d, this program reads version %d", path, head.Version, Version)
	}
	if !head.Complete {
		return nil, fmt.Errorf("the report %s is of a run that did not end", path)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if strict {
		decoder.DisallowUnknownFields()
	}
	var r Report
	if err := decoder.Decode(&r); err != nil {
		return nil, fmt.Errorf("read the report %s: %w", path, placed(data, err))
	}
	return &r, nil
}

// placed says in which line JSON is broken, and whether it ends too early.
func placed(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	offset := int64(-1)
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	}
	if offset < 0 || offset > int64(len(data)) {
		return err
	}
	line := 1 + bytes.Count(data[:max(0, offset-1)], []byte("\n"))
	if syntax != nil && strings.HasPrefix(syntax.Error(), "unexpected end") {
		return fmt.Errorf("line %d: %w: the file is cut off", line, err)
	}
	return fmt.Errorf("line %d: %w", line, err)
}

// replace puts a file in place whole.
func replace(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the folder of %s: %w", path, err)
	}
	temporary := path + ".part"
	if err := os.WriteFile(temporary, data, 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("put %s in place: %w", path, err)
	}
	return nil
}
