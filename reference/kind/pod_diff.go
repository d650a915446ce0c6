package kind

import (
	"bytes"
	"encoding/json"
	"reflect"
	"sort"

	"k8s.io/apimachinery/pkg/util/diff"
)

// asUpstreamPrints returns v in the form in which upstream writes it into an error. Upstream validates types of its
// own, whose JSON has Go's field names and leaves nothing out; the values here have the API's field names. What is not
// one of the API's structs, such as a label selector, prints alike in both.
func asUpstreamPrints(v any) json.RawMessage {
	var b bytes.Buffer
	if err := printValue(&b, reflect.ValueOf(v)); err != nil {
		return json.RawMessage(`"` + err.Error() + `"`)
	}
	return b.Bytes()
}

// specDiff shows in lines what differs between two specs, in upstream's form.
func specDiff(before, after any) string {
	return diff.Diff(asUpstreamPrints(before), asUpstreamPrints(after))
}

const coreTypes = "k8s.io/api/core/v1"

func printValue(b *bytes.Buffer, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			b.WriteString("null")
			return nil
		}
		return printValue(b, v.Elem())
	case reflect.Struct:
		if v.Type().PkgPath() == coreTypes {
			b.WriteByte('{')
			if err := printFields(b, v); err != nil {
				return err
			}
			b.WriteByte('}')
			return nil
		}
	case reflect.Slice:
		if v.IsNil() {
			b.WriteString("null")
			return nil
		}
		b.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := printValue(b, v.Index(i)); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	case reflect.Map:
		return printMap(b, v)
	}
	text, err := json.Marshal(v.Interface())
	b.Write(text)
	return err
}

// printFields prints the fields of a struct, those of embedded structs among them.
func printFields(b *bytes.Buffer, v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if i > 0 {
			b.WriteByte(',')
		}
		if f.Anonymous && f.Type.PkgPath() == coreTypes {
			if err := printFields(b, v.Field(i)); err != nil {
				return err
			}
			continue
		}
		if f.Anonymous { // metadata, whose names are the same in both forms
			text, err := json.Marshal(v.Field(i).Interface())
			if err != nil {
				return err
			}
			text = bytes.TrimSuffix(bytes.TrimPrefix(text, []byte("{")), []byte("}"))
			if len(text) == 0 {
				text = []byte(`"metadata":{}`)
			}
			b.Write(text)
			continue
		}
		b.WriteString(`"` + f.Name + `":`)
		if err := printValue(b, v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func printMap(b *bytes.Buffer, v reflect.Value) error {
	if v.IsNil() {
		b.WriteString("null")
		return nil
	}
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	b.WriteByte('{')
	for i, key := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		text, err := json.Marshal(key.String())
		if err != nil {
			return err
		}
		b.Write(text)
		b.WriteByte(':')
		if err := printValue(b, v.MapIndex(key)); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}
