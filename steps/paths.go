package steps

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Paths name a field of an object as people write it: status.containerStatuses[name=app].restartCount,
// spec.ports[0].nodePort, metadata.annotations["example.com/team"]. They select one value.

type pathPart struct {
	field      string // a map's key
	index      int    // a list's place, if field is empty and key too
	key, value string // a list's entry by one of its fields
}

var pathToken = regexp.MustCompile(`^(?:\.?([A-Za-z0-9_-]+)|\[(\d+)\]|\["([^"]+)"\]|\['([^']+)'\]|\[([A-Za-z]+)=([^\]]+)\])`)

func parsePath(path string) ([]pathPart, error) {
	var parts []pathPart
	for rest := path; rest != ""; {
		m := pathToken.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("the path %q makes no sense from %q on", path, rest)
		}
		rest = rest[len(m[0]):]
		switch {
		case m[1] != "":
			parts = append(parts, pathPart{field: m[1]})
		case m[2] != "":
			index, err := strconv.Atoi(m[2])
			if err != nil {
				return nil, fmt.Errorf("the path %q: %w", path, err)
			}
			parts = append(parts, pathPart{index: index})
		case m[3] != "" || m[4] != "":
			parts = append(parts, pathPart{field: m[3] + m[4]})
		default:
			parts = append(parts, pathPart{key: m[5], value: m[6]})
		}
	}
	return parts, nil
}

// lookup finds what a path names in an object; false if there is nothing.
func lookup(object any, path string) (any, bool, error) {
	parts, err := parsePath(path)
	if err != nil {
		return nil, false, err
	}
	current := object
	for _, part := range parts {
		var ok bool
		if current, ok = part.in(current); !ok {
			return nil, false, nil
		}
	}
	return current, current != nil, nil
}

func (p pathPart) in(value any) (any, bool) {
	if p.field != "" {
		fields, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		inner, ok := fields[p.field]
		return inner, ok
	}
	list, ok := value.([]any)
	if !ok {
		return nil, false
	}
	if p.key == "" {
		if p.index >= len(list) {
			return nil, false
		}
		return list[p.index], true
	}
	for _, entry := range list {
		if fields, ok := entry.(map[string]any); ok && show(fields[p.key]) == p.value {
			return entry, true
		}
	}
	return nil, false
}

// show writes a value as the features do: text bare, numbers in decimal, anything else as JSON.
func show(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

// names splits a list of names as the features write it: a, b, c.
func names(list string) []string {
	var out []string
	for _, name := range strings.Split(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// assign sets the field that a path of map keys names, and makes the maps on the way.
func assign(object map[string]any, path string, value any) error {
	parts, err := parsePath(path)
	if err != nil {
		return err
	}
	for i, part := range parts {
		if part.field == "" {
			return fmt.Errorf("the path %q leads through a list: patch the whole list", path)
		}
		if i == len(parts)-1 {
			object[part.field] = value
			return nil
		}
		inner, ok := object[part.field].(map[string]any)
		if !ok {
			inner = map[string]any{}
			object[part.field] = inner
		}
		object = inner
	}
	return fmt.Errorf("the path is empty")
}

// bytesOf reads a number of bytes, with Ki or Mi behind it where wanted.
func bytesOf(size string) (int, error) {
	factor := 1
	for suffix, f := range map[string]int{"Ki": 1 << 10, "Mi": 1 << 20} {
		if number, ok := strings.CutSuffix(size, suffix); ok {
			size, factor = number, f
		}
	}
	n, err := strconv.Atoi(size)
	if err != nil {
		return 0, fmt.Errorf("the size %q is no number of bytes: %w", size, err)
	}
	return n * factor, nil
}
