//go:build tools

// Package yaml names the language host that the lab builds, so that go.mod and go.sum list what it needs.
package yaml

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
