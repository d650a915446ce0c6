package kind

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/diff"
)

// asUpstreamPrints returns v in the form in which upstream writes it into an error. Upstream validates types of its
// own, whose JSON has Go's field names and leaves nothing out; the values here have the API's field names. What is not
// one of the API's structs, such as a label selector, prints alike in both.
func asUpstreamPrints(v any) json.RawMessage {
	text, err := printValue(reflect.ValueOf(v))
	if err != nil {
		text = quote(err.Error()) // no message shall be lost because its value cannot be printed
	}
	return text
}

// specDiff shows in lines what differs between two specs, in upstream's form.
func specDiff(before, after any) string {
	return diff.Diff(asUpstreamPrints(before), asUpstreamPrints(after))
}

const coreTypes = "k8s.io/api/core/v1"

func printValue(v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return printValue(v.Elem())
		}
	case reflect.Struct:
		if v.Type().PkgPath() == coreTypes {
			fields, err := printFields(v)
			return enclose('{', fields, '}'), err
		}
	case reflect.Slice:
		if !v.IsNil() {
			var items [][]byte
			for i := range v.Len() {
				item, err := printValue(v.Index(i))
				if err != nil {
					return nil, err
				}
				items = append(items, item)
			}
			return enclose('[', items, ']'), nil
		}
	case reflect.Map:
		if !v.IsNil() {
			return printMap(v)
		}
	}
	return json.Marshal(v.Interface())
}

// printFields prints the fields of a struct, each as a name and a value, those of embedded structs among them.
func printFields(v reflect.Value) ([][]byte, error) {
	var fields [][]byte
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		switch {
		case field.Anonymous && field.Type.PkgPath() == coreTypes:
			embedded, err := printFields(value)
			if err != nil {
				return nil, err
			}
			fields = append(fields, embedded...)
		case field.Anonymous: // metadata, whose names are the same in both forms
			text, err := json.Marshal(value.Interface())
			if err != nil {
				return nil, err
			}
			if inner := text[1 : len(text)-1]; len(inner) > 0 {
				fields = append(fields, inner)
			}
		default:
			text, err := printValue(value)
			if err != nil {
				return nil, fmt.Errorf("print %s: %w", field.Name, err)
			}
			fields = append(fields, pair(field.Name, text))
		}
	}
	return fields, nil
}

// printMap prints a map with keys that are strings, in their order.
func printMap(v reflect.Value) ([]byte, error) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	var entries [][]byte
	for _, key := range keys {
		text, err := printValue(v.MapIndex(key))
		if err != nil {
			return nil, err
		}
		entries = append(entries, pair(key.String(), text))
	}
	return enclose('{', entries, '}'), nil
}

func pair(name string, value []byte) []byte {
	return slices.Concat(quote(name), []byte(":"), value)
}

func enclose(open byte, parts [][]byte, end byte) []byte {
	return slices.Concat([]byte{open}, bytes.Join(parts, []byte(",")), []byte{end})
}

// quote writes a string as JSON, which is possible for every string.
func quote(s string) []byte {
	text, _ := json.Marshal(s)
	return text
}
