import { describe, expect, it } from 'vitest';
import { brokersWithoutPublicAddress, encryptedDisks, metadataByToken } from '../../policies/hosts';
import { isInternet, nobodyIsAnonymous, onlyListenersAreOpen } from '../../policies/internet';
import { protectedInProduction } from '../../policies/protection';
import type { Seen } from '../../policies/seen';

const platform = 'emqx-haproxy:index:MqttPlatform';
const cluster = `${platform}$emqx-haproxy:index:EmqxCluster`;
const pair = `${platform}$emqx-haproxy:index:HaproxyPair`;

function seen(
  type: string,
  props: Readonly<Record<string, unknown>> = {},
  { within = cluster, stack = 'dev', isProtected = false, name = 'it' } = {},
): Seen {
  const parents = within === '' ? type : `${within}$${type}`;
  return { type, name, urn: `urn:pulumi:${stack}::project::${parents}::${name}`, props, isProtected };
}

const reasons = (findings: readonly { readonly reason: string }[]) => findings.map(({ reason }) => reason);

describe('instance metadata', () => {
  const options = { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 };
  const instance = (metadataOptions: object) => seen('aws:ec2/instance:Instance', { metadataOptions });

  it('want a token and answer the host alone', () => {
    expect(metadataByToken(instance(options))).toEqual([]);
    expect(metadataByToken(instance({ httpEndpoint: 'disabled' }))).toEqual([]);
    expect(reasons(metadataByToken(instance({ ...options, httpTokens: 'optional' })))).toEqual([
      'metadataOptions.httpTokens is "optional"; give required, so that IMDSv1 answers nobody',
    ]);
    expect(metadataByToken(instance({ ...options, httpPutResponseHopLimit: 2 }))).toHaveLength(1);
    expect(metadataByToken(seen('aws:ec2/instance:Instance'))).toHaveLength(1);
  });
});

describe('disks', () => {
  it('are encrypted: volumes, root disks and those of a launch', () => {
    const disks = (encrypted: boolean) => [
      seen('aws:ebs/volume:Volume', { encrypted }),
      seen('aws:ec2/instance:Instance', {
        rootBlockDevice: { encrypted },
        ebsBlockDevices: [{ encrypted }],
      }),
    ];
    expect(disks(true).flatMap(encryptedDisks)).toEqual([]);
    expect(reasons(disks(false).flatMap(encryptedDisks))).toEqual([
      'encrypted is false; give true',
      'rootBlockDevice.encrypted is false; give true',
      'ebsBlockDevices[0].encrypted is false; give true',
    ]);
    expect(encryptedDisks(seen('aws:ebs/volume:Volume'))).toHaveLength(1);
  });
});

describe('brokers', () => {
  it('have no address on the internet, which balancers have', () => {
    for (const type of ['aws:ec2/eip:Eip', 'aws:ec2/eipAssociation:EipAssociation']) {
      expect(brokersWithoutPublicAddress(seen(type))).toHaveLength(1);
      expect(brokersWithoutPublicAddress(seen(type, {}, { within: pair }))).toEqual([]);
    }
    const instance = 'aws:ec2/instance:Instance';
    expect(brokersWithoutPublicAddress(seen(instance, { associatePublicIpAddress: true }))).toHaveLength(1);
    expect(brokersWithoutPublicAddress(seen(instance))).toEqual([]);
  });
});

describe('the internet', () => {
  const listener = { name: 'mqtts', port: 8883, allowedCidrs: ['0.0.0.0/0'] };
  const balancers = (...listeners: object[]) =>
    seen('emqx-haproxy:index:HaproxyPair', { listeners }, { within: platform });
  const rule = (port: number, cidrIpv4: string, within = pair) =>
    seen(
      'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
      { fromPort: port, toPort: port, cidrIpv4 },
      { within },
    );

  it('is a range that is nobody’s own', () => {
    expect(['0.0.0.0/0', '0.0.0.0/1', '::/0', '2000::/3'].filter(isInternet)).toHaveLength(4);
    expect(['198.51.100.7/32', '10.0.0.0/8', 'fd00::/16', undefined].filter(isInternet)).toEqual([]);
  });

  it('reaches the ports of listeners, and these on balancers only', () => {
    const open = rule(8883, '0.0.0.0/0');
    expect(onlyListenersAreOpen([balancers(listener), open, rule(22, '198.51.100.7/32')])).toEqual([]);
    expect(reasons(onlyListenersAreOpen([balancers(listener), rule(22, '0.0.0.0/0')]))).toEqual([
      'opens port 22 to 0.0.0.0/0; only listeners of balancers are open to the internet',
    ]);
    expect(onlyListenersAreOpen([balancers(listener), rule(8883, '0.0.0.0/0', cluster)])).toHaveLength(1);
    expect(onlyListenersAreOpen([open])).toHaveLength(1);
  });

  it('reaches no port of a listener that is for some ranges only', () => {
    const some = { ...listener, allowedCidrs: ['198.51.100.0/24'] };
    expect(onlyListenersAreOpen([balancers(some), rule(8883, '0.0.0.0/0')])).toHaveLength(1);
  });

  it('reaches nothing by rules that stand in a group itself, or without ports', () => {
    const group = seen(
      'aws:ec2/securityGroup:SecurityGroup',
      { ingress: [{ fromPort: 18083, toPort: 18084, ipv6CidrBlocks: ['::/0'] }] },
      { within: pair },
    );
    expect(reasons(onlyListenersAreOpen([balancers(listener), group]))).toEqual([
      'opens ports 18083 to 18084 to ::/0; only listeners of balancers are open to the internet',
    ]);
    const all = seen(
      'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
      { ipProtocol: '-1', cidrIpv4: '0.0.0.0/0' },
      { within: pair },
    );
    expect(reasons(onlyListenersAreOpen([all]))[0]).toContain('opens ports 0 to 65535');
  });

  it('brings nobody who does not say who it is', () => {
    const brokers = (access: string) =>
      seen(
        'emqx-haproxy:index:EmqxCluster',
        { access: { listeners: { mqtts: access } } },
        { within: platform },
      );
    expect(nobodyIsAnonymous([balancers(listener), brokers('chain')])).toEqual([]);
    expect(reasons(nobodyIsAnonymous([balancers(listener), brokers('anonymous')]))[0]).toContain(
      'listeners.mqtts lets anonymous clients in, and its port 8883 is open to the internet',
    );
    const some = { ...listener, allowedCidrs: ['10.0.0.0/8'] };
    expect(nobodyIsAnonymous([balancers(some), brokers('anonymous')])).toEqual([]);
  });
});

describe('production', () => {
  const volume = (stack: string, isProtected: boolean) =>
    seen('aws:ebs/volume:Volume', {}, { stack, isProtected });
  const stacks = ['prod'];

  it('loses no volume, interface, address or secret by mistake', () => {
    expect(reasons(protectedInProduction(volume('prod', false), stacks))).toEqual([
      'is not protected in the stack prod; give the platform protect: true',
    ]);
    expect(protectedInProduction(volume('prod', true), stacks)).toEqual([]);
    expect(protectedInProduction(volume('dev', false), stacks)).toEqual([]);
    expect(protectedInProduction(seen('aws:ec2/instance:Instance', {}, { stack: 'prod' }), stacks)).toEqual(
      [],
    );
  });

  it('can do without the programs, which each release brings', () => {
    const secret = (name: string) => seen('aws:secretsmanager/secret:Secret', {}, { stack: 'prod', name });
    expect(protectedInProduction(secret('mqtt-brokers-programs'), stacks)).toEqual([]);
    expect(protectedInProduction(secret('mqtt-brokers-programs-2'), stacks)).toEqual([]);
    expect(protectedInProduction(secret('mqtt-brokers-secrets'), stacks)).toHaveLength(1);
  });
});
