// Measures sigs.k8s.io/yaml on a stream of manifests, for `cargo xtask bench yaml`.
//
// It prints two numbers: the seconds of reading every document and of writing it again, each the
// best of three rounds.
package main

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"sigs.k8s.io/yaml"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	documents := bytes.Split(text, []byte("\n---\n"))
	read, emit := 1e9, 1e9
	for range 3 {
		values := make([]any, len(documents))
		start := time.Now()
		for i, document := range documents {
			if err := yaml.Unmarshal(document, &values[i]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		read = min(read, time.Since(start).Seconds())
		start = time.Now()
		for _, value := range values {
			if _, err := yaml.Marshal(value); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		emit = min(emit, time.Since(start).Seconds())
	}
	fmt.Println(read, emit)
}
