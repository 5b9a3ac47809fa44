import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

/** The stack that made the brokers, such as ORGANIZATION/mqtt-minimal/prod. */
const mqtt = new pulumi.StackReference(new pulumi.Config().require('mqttStack'));

/** By the names of listeners. */
const endpoints = mqtt.requireOutput('endpoints').apply((told: Readonly<Record<string, string>>) => told);

export const mqttUrl = endpoints.apply(({ mqtts }) => {
  if (mqtts === undefined) throw new Error('the stack of the brokers has no listener mqtts');
  return mqtts;
});

// Where instances of the shop read it at their start.
new aws.ssm.Parameter('url', { name: '/shop/mqtt/url', type: 'String', value: mqttUrl });
// What they trust.
new aws.ssm.Parameter('ca', {
  name: '/shop/mqtt/ca',
  type: 'String',
  value: mqtt.requireOutput('caCertificate').apply(String),
});
