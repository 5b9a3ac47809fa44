"""The smallest platform: one TLS listener, one user who may use the topics below its name."""

import pulumi
import pulumi_emqx_haproxy as emqx_haproxy

mqtt = emqx_haproxy.MqttPlatform(
    "mqtt",
    # Where `pulumi up` runs, such as 198.51.100.7/32.
    ssh={"allowed_cidrs": [pulumi.Config().require("sshCidr")]},
    listeners={"mqtts": {"max_connections": 2000}},
    emqx={
        # Its password is made, and in the output `users`.
        "authentication": [{"users": {"device": {}}}],
        "authorization": {
            "rules": [{"permission": "allow", "topics": ["${username}/#"]}],
        },
    },
)

pulumi.export("platform", mqtt.platform)
pulumi.export("endpoint", mqtt.endpoint)
pulumi.export("endpoints", mqtt.endpoints)
pulumi.export("caCertificate", mqtt.ca_certificate)
pulumi.export("users", mqtt.users)
# What `verify` proves the platform from, beside these.
pulumi.export("access", mqtt.access)
pulumi.export("balancers", mqtt.balancers)
pulumi.export("brokers", mqtt.brokers)
pulumi.export("hostFiles", mqtt.host_files)
pulumi.export("ssh", mqtt.ssh)
