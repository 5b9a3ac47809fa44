import * as pulumi from '@pulumi/pulumi';
// Outside this checkout: from 'emqx-haproxy'.
import { MqttPlatform } from '../../../components';

/** The smallest platform: one TLS listener, one user who may use the topics below its name. */
const mqtt = new MqttPlatform('mqtt', {
  // Where `pulumi up` runs, such as 198.51.100.7/32.
  ssh: { allowedCidrs: [new pulumi.Config().require('sshCidr')] },
  listeners: { mqtts: { maxConnections: 2000 } },
  emqx: {
    // Its password is made, and in the output `users`.
    authentication: [{ users: { device: {} } }],
    authorization: { rules: [{ permission: 'allow', topics: ['${username}/#'] }] },
  },
});

export const { endpoint, endpoints, caCertificate } = mqtt;
export const { users } = mqtt.cluster;
