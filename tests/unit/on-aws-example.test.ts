import * as pulumi from '@pulumi/pulumi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costLine, readmeOf } from './exampleReadme';
import { graphOf, valueOf } from './resourceGraph';
import type { ResourceGraph } from './resourceGraph';

const hosts = ['mqtt-haproxy-1', 'mqtt-haproxy-2', 'mqtt-emqx-1', 'mqtt-emqx-2', 'mqtt-emqx-3'];
const brokers = hosts.filter((name) => name.includes('emqx'));

let graph: ResourceGraph;
let outputs: Readonly<Record<'endpoint' | 'caCertificate', pulumi.Output<string>>>;
beforeAll(async () => {
  graph = await graphOf(async () => {
    pulumi.runtime.setAllConfig({
      'emqx-haproxy:sshCidr': '203.0.113.0/24',
      'emqx-haproxy:alarmTopicArn': 'arn:aws:sns:eu-central-1:123456789012:on-call',
      'emqx-haproxy:dnsName': 'mqtt.example.com',
      'emqx-haproxy:zoneId': 'Z0123456789ABCDEFGHIJ',
    });
    const program = await import('../../examples/on-aws/index.js');
    outputs = await program.default();
  });
}, 60_000);

afterAll(() => {
  pulumi.runtime.setAllConfig({});
});

describe('the example on-aws', () => {
  it('costs what its README says', () => {
    expect(readmeOf('on-aws')).toContain(costLine(graph.resources));
  });

  it("has an alarm of EC2's status checks and a way in by Session Manager for every host", () => {
    const alarm = 'aws:cloudwatch/metricAlarm:MetricAlarm';
    expect(graph.namesOf(alarm).toSorted()).toEqual(hosts.map((host) => `${host}-status`).toSorted());
    for (const host of hosts) {
      expect(graph.one(alarm, `${host}-status`).inputs).toMatchObject({
        metricName: 'StatusCheckFailed',
        dimensions: { InstanceId: `${host}-instance-id` },
      });
      const attachment = graph.one('aws:iam/rolePolicyAttachment:RolePolicyAttachment', `${host}-session`);
      expect(attachment.inputs['role']).toBe(`${host}-role`);
    }
  });

  it('takes snapshots of what the brokers keep, by tags that their instances carry, without root disks', () => {
    for (const broker of brokers) {
      const { inputs } = graph.one('aws:dlm/lifecyclePolicy:LifecyclePolicy', `${broker}-snapshots`);
      expect(inputs['policyDetails']).toMatchObject({
        resourceTypes: ['INSTANCE'],
        targetTags: { Name: broker },
        parameters: { excludeBootVolume: true },
      });
      expect(graph.one('aws:ec2/instance:Instance', `${broker}-instance`).inputs['tags']).toMatchObject({
        Name: broker,
      });
    }
  });

  it('leads a name to the virtual IP, which the certificate has too', async () => {
    expect(graph.one('aws:route53/record:Record', 'mqtt-name').inputs['records']).toEqual([
      await valueOf(outputs.endpoint),
    ]);
    const request = graph.resources.find(({ type }) => type === 'tls:index/certRequest:CertRequest');
    expect(request?.inputs['dnsNames']).toEqual(['mqtt.example.com']);
  });
});
