import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
// Outside this checkout: from 'emqx-haproxy'.
import { MqttPlatform, activeBalancer, planPlatform } from '../../components';
import type { Host, MqttPlatformArgs } from '../../components';

const config = new pulumi.Config();
/** Who is told by an alarm: an SNS topic. */
const alarmTopicArn = config.require('alarmTopicArn');
/** The name that clients use, and the Route 53 zone that it is in. */
const dnsName = config.require('dnsName');
const zoneId = config.require('zoneId');

const args: MqttPlatformArgs = {
  ssh: { allowedCidrs: [config.require('sshCidr')] },
  // Clients that connect to the name check the certificate against it.
  certificates: { dnsNames: [dnsName] },
  protect: true,
};

/** A program that waits for EC2's answer is a function. */
export = async () => {
  const active = await activeBalancer(planPlatform('mqtt', args));
  const mqtt = new MqttPlatform('mqtt', {
    ...args,
    ...(active === undefined ? {} : { activeBalancer: active }),
  });
  const brokers = mqtt.cluster.brokers.map(({ host }) => host);
  for (const host of [...mqtt.pair.balancers.map((each) => each.host), ...brokers]) {
    alarmOfStatus(host);
    // For `aws ssm start-session`, where the image has the agent: a way in when SSH has none.
    new aws.iam.RolePolicyAttachment(`${host.name}-session`, {
      role: host.roleName,
      policyArn: 'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore',
    });
  }
  snapshots(brokers);
  new aws.route53.Record('mqtt-name', {
    zoneId,
    name: dnsName,
    type: 'A',
    ttl: 300,
    records: [mqtt.endpoint],
  });
  return { endpoint: mqtt.endpoint, caCertificate: mqtt.caCertificate };
};

/** EC2 finds a host impaired, or itself: by then its peers have done without it for minutes. */
function alarmOfStatus(host: Host): void {
  new aws.cloudwatch.MetricAlarm(`${host.name}-status`, {
    alarmDescription: `EC2's status checks of ${host.name}`,
    namespace: 'AWS/EC2',
    metricName: 'StatusCheckFailed',
    dimensions: { InstanceId: host.instanceId },
    statistic: 'Maximum',
    period: 60,
    evaluationPeriods: 2,
    comparisonOperator: 'GreaterThanOrEqualToThreshold',
    threshold: 1,
    // A host that is off says nothing.
    treatMissingData: 'breaching',
    alarmActions: [alarmTopicArn],
    okActions: [alarmTopicArn],
  });
}

/** Each night one of each broker's data volume, kept for a week. */
function snapshots(brokers: readonly Host[]): void {
  const role = new aws.iam.Role('mqtt-snapshots', {
    assumeRolePolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'dlm.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    }),
  });
  new aws.iam.RolePolicyAttachment('mqtt-snapshots', {
    role: role.name,
    policyArn: 'arn:aws:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole',
  });
  for (const { name } of brokers)
    new aws.dlm.LifecyclePolicy(`${name}-snapshots`, {
      description: `data of ${name}`,
      executionRoleArn: role.arn,
      state: 'ENABLED',
      policyDetails: {
        // By its instance, since root disk and data volume have the same tags; one tag that fits is enough for DLM.
        resourceTypes: ['INSTANCE'],
        targetTags: { Name: name },
        parameters: { excludeBootVolume: true },
        schedules: [
          {
            name: 'nightly',
            createRule: { interval: 24, intervalUnit: 'HOURS', times: '02:30' },
            retainRule: { count: 7 },
            copyTags: true,
          },
        ],
      },
    });
}
