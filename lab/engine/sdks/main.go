// Generates the SDKs for TypeScript, Python and Go from the package's schema, with the generators that Pulumi's CLI of this
// version has. Those for C# and Java are no Go modules. `npm run sdks -- FOLDER` runs it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "the emqx-haproxy package"

// goModule is what the generated Go files import each other by; `pulumi package add` writes the same.
const goModule = `module example.com/pulumi-emqx-haproxy/sdk/go/emqx-haproxy

go 1.25

require (
	github.com/blang/semver v3.5.1+incompatible
	github.com/pulumi/pulumi/sdk/v3 v3.245.0
)
`

var generators = map[string]func(*schema.Package) (map[string][]byte, error){
	"go": func(pkg *schema.Package) (map[string][]byte, error) {
		files, err := gogen.GeneratePackage(tool, pkg, nil)
		if err == nil {
			files["emqxhaproxy/go.mod"] = []byte(goModule)
		}
		return files, err
	},
	"nodejs": func(pkg *schema.Package) (map[string][]byte, error) {
		return nodejs.GeneratePackage(tool, pkg, nil, nil, false, nil)
	},
	"python": func(pkg *schema.Package) (map[string][]byte, error) {
		return python.GeneratePackage(tool, pkg, nil, nil)
	},
}

func main() {
	if len(os.Args) != 2 {
		fail(fmt.Errorf("usage: npm run sdks -- FOLDER"))
	}
	folder := os.Args[1]
	// npm runs a script in the package's folder, and tells where it was called.
	if from := os.Getenv("INIT_CWD"); from != "" && !filepath.IsAbs(folder) {
		folder = filepath.Join(from, folder)
	}
	for language, generate := range generators {
		// Each generator writes its own facts into the package that it is given.
		files, err := generate(read("../schema.json"))
		if err != nil {
			fail(fmt.Errorf("%s: %w", language, err))
		}
		write(filepath.Join(folder, language), files)
	}
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
