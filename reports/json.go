package reports

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the report: %w", err)
	}
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("read the report %s: %w", path, err)
	}
	if r.Version != Version {
		return nil, fmt.Errorf("the report %s has version %d, this program reads version %d", path, r.Version, Version)
	}
	if !r.Complete {
		return nil, fmt.Errorf("the report %s is of a run that did not end", path)
	}
	return &r, nil
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
