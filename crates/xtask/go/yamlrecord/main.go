// Asks the real readers what texts mean, and writes down what they say.
//
// It reads rows of JSON from standard input, of which only "yaml" counts, and writes each with the
// answers of sigs.k8s.io/yaml (v2 rules, lenient and strict), go-yaml v3 and Fabrikate's fork. To
// record crates/hld-yaml/tests/recorded/read.jsonl anew:
//
//	go run . < read.jsonl > new.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"

	fabrikate "github.com/timfpark/yaml"
	yaml3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// answer is a value or an error.
type answer struct {
	Value json.RawMessage `json:"value,omitempty"`
	Error string          `json:"error,omitempty"`
}

type row struct {
	YAML      string `json:"yaml"`
	V2        answer `json:"v2"`
	Strict    answer `json:"v2_strict"`
	V3        answer `json:"v3"`
	Fabrikate answer `json:"fabrikate"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.Scan() {
		var r row
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		text := []byte(r.YAML)
		r.V2 = ask(func() ([]byte, error) { return yaml.YAMLToJSON(text) })
		r.Strict = ask(func() ([]byte, error) { return yaml.YAMLToJSONStrict(text) })
		r.V3 = ask(func() ([]byte, error) { return decode(text, yaml3.Unmarshal, false) })
		r.Fabrikate = ask(func() ([]byte, error) { return decode(text, fabrikate.Unmarshal, true) })
		if err := out.Encode(r); err != nil {
			panic(err)
		}
	}
}

func ask(read func() ([]byte, error)) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{Error: fmt.Sprint(r)}
		}
	}()
	value, err := read()
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Value: value}
}

func decode(text []byte, unmarshal func([]byte, any) error, infinities bool) ([]byte, error) {
	var value any
	if err := unmarshal(text, &value); err != nil {
		return nil, err
	}
	return json.Marshal(jsonable(value, infinities))
}

// jsonable turns keys into strings as fmt writes them and, if asked to, numbers that JSON lacks into
// text.
func jsonable(value any, infinities bool) any {
	switch value := value.(type) {
	case map[string]any:
		for k, v := range value {
			value[k] = jsonable(v, infinities)
		}
		return value
	case map[any]any:
		out := map[string]any{}
		for k, v := range value {
			out[fmt.Sprint(k)] = jsonable(v, infinities)
		}
		return out
	case []any:
		for i := range value {
			value[i] = jsonable(value[i], infinities)
		}
		return value
	case float64:
		if infinities && (math.IsInf(value, 0) || math.IsNaN(value)) {
			return fmt.Sprint(value)
		}
	}
	return value
}
