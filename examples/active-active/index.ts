import * as pulumi from '@pulumi/pulumi';
// Outside this checkout: from 'emqx-haproxy'.
import { MqttPlatform } from '../../components';
import type { MqttPlatformArgs } from '../../components';

/**
 * Two platforms side by side: both serve all the time, each from another availability zone, and each survives the loss
 * of its zone by itself. A pair has one address, which one balancer holds; with two pairs that prefer different
 * balancers both zones work.
 */
const common: MqttPlatformArgs = {
  // Where `pulumi up` runs, such as 198.51.100.7/32.
  ssh: { allowedCidrs: [new pulumi.Config().require('sshCidr')] },
  listeners: { mqtts: { maxConnections: 50_000 } },
  // Each platform makes a password of its own for the user.
  emqx: {
    authentication: [{ users: { device: {} } }],
    authorization: { rules: [{ permission: 'allow', topics: ['${username}/#'] }] },
  },
  // Four for each platform: its virtual IP, its balancers, its NAT gateway. AWS grants a region five until asked for more.
  elasticIpQuota: 8,
};

const blue = new MqttPlatform('blue', {
  ...common,
  network: { cidr: '10.20.0.0/16' },
  haproxy: { instanceType: 't3.medium', keepalived: { preferred: 'haproxy-1', preempt: true } },
});

const green = new MqttPlatform('green', {
  ...common,
  network: { cidr: '10.21.0.0/16' },
  haproxy: { instanceType: 't3.medium', keepalived: { preferred: 'haproxy-2', preempt: true } },
});

/** For one DNS name with two A records, or for clients that are told which half of the fleet they belong to. */
export const endpoints = pulumi.all([blue.endpoint, green.endpoint]);
export const users = pulumi.all([blue.cluster.users, green.cluster.users]);
/** Each platform has a CA of its own, and a client that may meet either trusts both. */
export const caCertificates = pulumi.interpolate`${blue.caCertificate}${green.caCertificate}`;
