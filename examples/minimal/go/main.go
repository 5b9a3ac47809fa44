// The smallest platform: one TLS listener, one user who may use the topics below its name.
package main

import (
	"example.com/pulumi-emqx-haproxy/sdk/go/emqx-haproxy"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		mqtt, err := emqxhaproxy.NewMqttPlatform(ctx, "mqtt", &emqxhaproxy.MqttPlatformArgs{
			Ssh: emqxhaproxy.SshArgs{
				// Where `pulumi up` runs, such as 198.51.100.7/32.
				AllowedCidrs: []string{config.Require(ctx, "sshCidr")},
			},
			Listeners: &emqxhaproxy.ListenersArgs{
				Mqtts: &emqxhaproxy.ListenerArgs{MaxConnections: pulumi.IntRef(2000)},
			},
			Emqx: &emqxhaproxy.EmqxArgs{
				// Its password is made, and in the output `users`.
				Authentication: []emqxhaproxy.AuthenticatorArgs{
					{Users: map[string]emqxhaproxy.UserArgs{"device": {}}},
				},
				Authorization: &emqxhaproxy.AuthorizationArgs{
					Rules: []emqxhaproxy.AuthorizationRuleArgs{{
						Permission: emqxhaproxy.AuthorizationRulePermissionAllow,
						Topics:     []string{"${username}/#"},
					}},
				},
			},
		})
		if err != nil {
			return err
		}
		ctx.Export("platform", mqtt.Platform)
		ctx.Export("endpoint", mqtt.Endpoint)
		ctx.Export("endpoints", mqtt.Endpoints)
		ctx.Export("caCertificate", mqtt.CaCertificate)
		ctx.Export("users", mqtt.Users)
		// What `verify` proves the platform from, beside these.
		ctx.Export("access", mqtt.Access)
		ctx.Export("balancers", mqtt.Balancers)
		ctx.Export("brokers", mqtt.Brokers)
		ctx.Export("hostFiles", mqtt.HostFiles)
		ctx.Export("ssh", mqtt.Ssh)
		return nil
	})
}
