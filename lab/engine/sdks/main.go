// Generates SDKs from a package's schema, with the generators that Pulumi's CLI of this version has: for Go, Python and
// TypeScript, in a folder each, or for one language in the folder itself. Those for C# and Java are no Go modules.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// goModule is what the generated Go files import each other by; `pulumi package add` writes the same.
const goModule = `module example.com/pulumi-%[1]s/sdk/go/%[1]s

go 1.25

require (
	github.com/blang/semver v3.5.1+incompatible
	github.com/pulumi/pulumi/sdk/v3 v3.245.0
)
`

// generator is told of whom the files say that it wrote them.
type generator func(tool string, pkg *schema.Package) (map[string][]byte, error)

var generators = map[string]generator{
	"go": func(tool string, pkg *schema.Package) (map[string][]byte, error) {
		files, err := gogen.GeneratePackage(tool, pkg, nil)
		if err == nil {
			module := filepath.Join(strings.ReplaceAll(pkg.Name, "-", ""), "go.mod")
			files[module] = fmt.Appendf(nil, goModule, pkg.Name)
		}
		return files, err
	},
	"nodejs": func(tool string, pkg *schema.Package) (map[string][]byte, error) {
		return nodejs.GeneratePackage(tool, pkg, nil, nil, false, nil)
	},
	"python": func(tool string, pkg *schema.Package) (map[string][]byte, error) {
		return python.GeneratePackage(tool, pkg, nil, nil)
	},
}

func main() {
	switch len(os.Args) {
	case 3:
		for language := range generators {
			generate(language, os.Args[1], filepath.Join(fromCaller(os.Args[2]), language))
		}
	case 4:
		generate(os.Args[3], os.Args[1], fromCaller(os.Args[2]))
	default:
		fail(fmt.Errorf("usage: sdks SCHEMA FOLDER [LANGUAGE]"))
	}
}

// fromCaller is a folder as it was given to npm, which runs a script in the package's own and tells where it was called.
func fromCaller(folder string) string {
	if from := os.Getenv("INIT_CWD"); from != "" && !filepath.IsAbs(folder) {
		return filepath.Join(from, folder)
	}
	return folder
}

// generate reads the schema anew, since each generator writes its own facts into the package that it is given.
func generate(language, schemaFile, folder string) {
	generator, known := generators[language]
	if !known {
		fail(fmt.Errorf("%s: there is no generator for it; there are go, nodejs and python", language))
	}
	files, err := generator("pulumi-language-"+language, read(schemaFile))
	if err != nil {
		fail(fmt.Errorf("%s: %w", language, err))
	}
	write(folder, files)
}

// read binds the schema, so that everything wrong with it is told as the CLI would.
func read(path string) *schema.Package {
	content, err := os.ReadFile(path)
	if err != nil {
		fail(err)
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(content, &spec); err != nil {
		fail(err)
	}
	pkg, diagnostics, err := schema.BindSpec(spec, nil, schema.ValidationOptions{})
	if err == nil && diagnostics.HasErrors() {
		err = diagnostics
	}
	if err != nil {
		fail(err)
	}
	return pkg
}

func write(folder string, files map[string][]byte) {
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			fail(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
