//go:build tools

// Package engine names the program that the lab builds, so that go.mod and go.sum list what it needs.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
