package apiserver_test

import (
	"net/http"
	"strings"
	"testing"
)

const (
	yamlType  = "application/yaml"
	mergeType = "application/merge-patch+json"
	jsonPatch = "application/json-patch+json"
	applyType = "application/apply-patch+yaml"
)

func TestBadInput(t *testing.T) {
	ns := shared.namespace(t)
	maps := "/api/v1/namespaces/" + ns + "/configmaps"
	if a := shared.request(t, "POST", maps, `{"metadata":{"name":"there"},"data":{"a":"1"}}`); a.code != 201 {
		t.Fatalf("create: %d %s", a.code, a.body)
	}
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		code                     int
		message                  string
	}{
		{name: "no JSON", method: "POST", path: maps, body: `{"metadata":`, code: 400},
		{name: "empty body", method: "POST", path: maps, body: ` `, code: 400},
		{name: "a list for an object", method: "POST", path: maps, body: `[]`, code: 400},
		{name: "no YAML", method: "POST", path: maps, body: "a: b: c\n\t-", headers: []string{"Content-Type", yamlType}, code: 400},
		{name: "a number for a string", method: "POST", path: maps, body: `{"metadata":{"name":"x"},"data":{"a":1}}`, code: 400, message: "cannot unmarshal number"},
		{name: "a string for a number", method: "POST", path: "/api/v1/namespaces/" + ns + "/services",
			body: `{"metadata":{"name":"x"},"spec":{"ports":[{"port":"eighty"}]}}`, code: 400, message: "cannot unmarshal string"},
		{name: "another kind", method: "POST", path: maps, body: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"}}`, code: 400},
		{name: "a kind that nobody knows", method: "POST", path: maps, body: `{"apiVersion":"v9","kind":"Frob","metadata":{"name":"x"}}`, code: 400},
		{name: "unknown media type", method: "POST", path: maps, body: `x`, headers: []string{"Content-Type", "text/plain"}, code: 415},
		{name: "broken protobuf", method: "POST", path: maps, body: "k8s\x00\xff\xff", headers: []string{"Content-Type", "application/vnd.kubernetes.protobuf"}, code: 400},
		{name: "unknown media type accepted", method: "GET", path: maps, headers: []string{"Accept", "image/png"}, code: 406},
		{name: "another namespace", method: "POST", path: maps, body: `{"metadata":{"name":"x","namespace":"default"}}`, code: 400, message: "does not match the namespace"},
		{name: "missing namespace", method: "POST", path: "/api/v1/namespaces/nowhere/configmaps", body: `{"metadata":{"name":"x"}}`, code: 404, message: `namespaces \"nowhere\" not found`},
		{name: "bad name", method: "POST", path: maps, body: `{"metadata":{"name":"A_b"}}`, code: 422, message: "metadata.name: Invalid value"},
		{name: "no name", method: "POST", path: maps, body: `{"metadata":{}}`, code: 422, message: "name or generateName is required"},
		{name: "a name in the path that differs", method: "PUT", path: maps + "/there", body: `{"metadata":{"name":"other"}}`, code: 400, message: "does not match the name on the URL"},
		{name: "taken", method: "POST", path: maps, body: `{"metadata":{"name":"there"}}`, code: 409, message: "already exists"},
		{name: "old version", method: "PUT", path: maps + "/there", body: `{"metadata":{"name":"there","resourceVersion":"1"}}`, code: 409, message: "has been modified"},
		{name: "a version that is none", method: "PUT", path: maps + "/there", body: `{"metadata":{"name":"there","resourceVersion":"abc"}}`, code: 422},
		{name: "bad label selector", method: "GET", path: maps + "?labelSelector=a+b+c", code: 400},
		{name: "bad field selector", method: "GET", path: maps + "?fieldSelector=spec.frob=1", code: 400, message: "not a known field selector"},
		{name: "field of another kind", method: "GET", path: "/api/v1/namespaces/" + ns + "/pods?fieldSelector=spec.frob=1", code: 400, message: "field label not supported: spec.frob"},
		{name: "limit that is no number", method: "GET", path: maps + "?limit=x", code: 400},
		{name: "continue that is none", method: "GET", path: maps + "?limit=1&continue=x", code: 400},
		{name: "version that is none", method: "GET", path: maps + "?resourceVersion=abc", code: 400},
		{name: "watch from the future", method: "GET", path: maps + "?watch=1&timeoutSeconds=1&resourceVersion=abc", code: 400},
		{name: "get of a version that is none", method: "GET", path: maps + "/there?resourceVersion=abc", code: 400},
		{name: "bad dry run", method: "POST", path: maps + "?dryRun=maybe", body: `{"metadata":{"name":"x"}}`, code: 422},
		{name: "bad field validation", method: "POST", path: maps + "?fieldValidation=maybe", body: `{"metadata":{"name":"x"}}`, code: 422},
		{name: "bad field manager", method: "POST", path: maps + "?fieldManager=" + strings.Repeat("x", 200), body: `{"metadata":{"name":"x"}}`, code: 422},
		{name: "patch of no type", method: "PATCH", path: maps + "/there", body: `{}`, code: 415},
		{name: "merge patch that is none", method: "PATCH", path: maps + "/there", body: `{`, headers: []string{"Content-Type", mergeType}, code: 400},
		{name: "JSON patch that is none", method: "PATCH", path: maps + "/there", body: `{"op":"x"}`, headers: []string{"Content-Type", jsonPatch}, code: 400},
		{name: "JSON patch of what is not there", method: "PATCH", path: maps + "/there", body: `[{"op":"remove","path":"/data/zz"}]`, headers: []string{"Content-Type", jsonPatch}, code: 422},
		{name: "JSON patch whose test fails", method: "PATCH", path: maps + "/there", body: `[{"op":"test","path":"/data/a","value":"2"}]`, headers: []string{"Content-Type", jsonPatch}, code: 422},
		{name: "patch of nothing", method: "PATCH", path: maps + "/nothing", body: `{}`, headers: []string{"Content-Type", mergeType}, code: 404},
		{name: "apply without a manager", method: "PATCH", path: maps + "/there", body: `{"apiVersion":"v1","kind":"ConfigMap"}`, headers: []string{"Content-Type", applyType}, code: 422},
		{name: "apply with managed fields", method: "PATCH", path: maps + "/there?fieldManager=x",
			body: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"managedFields":[{"manager":"y"}]}}`, headers: []string{"Content-Type", applyType}, code: 400},
		{name: "unknown resource", method: "GET", path: "/api/v1/namespaces/" + ns + "/frobs", code: 404},
		{name: "unknown method", method: "FROB", path: maps + "/there", code: 405},
		{name: "negative grace period", method: "DELETE", path: maps + "/nothing", body: `{"gracePeriodSeconds":"x"}`, code: 400},
		{name: "two propagations", method: "DELETE", path: maps + "/there", body: `{"orphanDependents":true,"propagationPolicy":"Orphan"}`, code: 422},
		{name: "negative replicas", method: "POST", path: "/apis/apps/v1/namespaces/" + ns + "/replicasets",
			body: `{"metadata":{"name":"x"},"spec":{"replicas":-1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}`,
			code: 422, message: "must be greater than or equal to 0"},
		{name: "number that does not fit", method: "POST", path: "/apis/apps/v1/namespaces/" + ns + "/replicasets", body: `{"metadata":{"name":"x"},"spec":{"replicas":99999999999}}`, code: 400},
		{name: "oversized body", method: "POST", path: maps, body: `{"metadata":{"name":"big"},"data":{"a":"` + strings.Repeat("x", 4<<20) + `"}}`, code: 413},
		{name: "oversized data", method: "POST", path: maps, body: `{"metadata":{"name":"big"},"data":{"a":"` + strings.Repeat("x", 1<<20+1) + `"}}`, code: 422, message: "may not be more than 1048576 bytes"},
		{name: "oversized annotations", method: "POST", path: maps, body: `{"metadata":{"name":"big","annotations":{"a":"` + strings.Repeat("x", 257<<10) + `"}}}`, code: 422, message: "may not be more than 262144 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := shared.request(t, tt.method, tt.path, tt.body, tt.headers...)
			if a.code != tt.code || !strings.Contains(string(a.body), tt.message) && !strings.Contains(a.status.Message, tt.message) {
				t.Errorf("got %d %.300s; want %d %q", a.code, a.body, tt.code, tt.message)
			}
		})
	}
	if a := shared.request(t, "GET", maps+"/big", ""); a.code != 404 {
		t.Errorf("after refusals there is an object: %d %.100s", a.code, a.body)
	}
}

func TestOversizedObject(t *testing.T) {
	ns := shared.namespace(t)
	for _, tt := range []struct {
		name, path, body string
		code             int
	}{
		{
			name: "within the request's limit, and too large for etcd", path: "/apis/apps/v1/namespaces/" + ns + "/replicasets", code: 413,
			body: `{"metadata":{"name":"big"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},` +
				`"spec":{"containers":[{"name":"c","image":"i","args":["` + strings.Repeat("x", 1700<<10) + `"]}]}}}}`,
		},
		{
			name: "too large for etcd's client", path: "/apis/apps/v1/namespaces/" + ns + "/replicasets", code: 413,
			body: `{"metadata":{"name":"big"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},` +
				`"spec":{"containers":[{"name":"c","image":"i","args":["` + strings.Repeat("x", 2800<<10) + `"]}]}}}}`,
		},
		{
			name: "a hundred thousand mistakes", path: "/api/v1/namespaces/" + ns + "/services", code: 422,
			body: `{"metadata":{"name":"big"},"spec":{"ports":[` + strings.TrimSuffix(strings.Repeat(`{"name":"p","port":1},`, 100000), ",") + `]}}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if a := shared.request(t, "POST", tt.path, tt.body); a.code != tt.code {
				t.Errorf("got %d %.200s; want %d", a.code, a.body, tt.code)
			}
		})
	}
}

func TestUnknownFields(t *testing.T) {
	ns := shared.namespace(t)
	maps := "/api/v1/namespaces/" + ns + "/configmaps"
	for _, tt := range []struct {
		validation, name, body string
		code                   int
		warning                string
	}{
		{"Strict", "strict", `{"metadata":{"name":"strict"},"frob":1}`, http.StatusBadRequest, ""},
		{"Warn", "warn", `{"metadata":{"name":"warn"},"frob":1}`, http.StatusCreated, `unknown field \"frob\"`},
		{"", "default", `{"metadata":{"name":"default"},"frob":1}`, http.StatusCreated, `unknown field \"frob\"`},
		{"Ignore", "ignore", `{"metadata":{"name":"ignore"},"frob":1}`, http.StatusCreated, ""},
		{"Strict", "twice", `{"metadata":{"name":"twice"},"data":{"a":"1"},"data":{"a":"2"}}`, http.StatusBadRequest, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := shared.request(t, "POST", maps+"?fieldValidation="+tt.validation, tt.body)
			warning := a.header.Get("Warning")
			if a.code != tt.code || (tt.warning == "") != (warning == "") || !strings.Contains(warning, tt.warning) {
				t.Errorf("got %d with warning %q and %s; want %d with %q", a.code, warning, a.body, tt.code, tt.warning)
			}
		})
	}
}
