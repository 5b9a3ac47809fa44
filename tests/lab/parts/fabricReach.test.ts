import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiAddress, runnerAddress } from '../../../lab/fabric/addresses';
import { at, everything, exampleVpc, ports, vipOn, withGroup, withNat } from './fabricVpc';
import { FabricWorld, vrrp, withVrrpAllowed } from './fabricWorld';

let world: FabricWorld;
beforeAll(async () => {
  world = await FabricWorld.raise();
}, 30_000);
afterAll(() => world.lower());
beforeEach(() => world.renew());

describe('the internet gateway', () => {
  it('takes the runner to an Elastic IP, with its address as it is', async () => {
    expect(await world.runner.greeting(at.publicA, ports.open)).toBe(`a ${runnerAddress}`);
    expect(await world.runner.greeting(at.publicB, ports.open)).toBe(`b ${runnerAddress}`);
    expect(await world.runner.greeting(at.vip, ports.open)).toBe(`a ${runnerAddress}`);
  });

  it('takes nobody to a private address or to an Elastic IP that is not associated', async () => {
    expect(await world.runner.greeting('198.51.100.99', ports.open)).toBe('silence');
    expect(await world.runner.greeting(at.a, ports.open)).not.toContain('a ');
  });

  it('shows a host to the region under its Elastic IP', async () => {
    expect(await world.hosts.a.greeting(apiAddress, 443)).toBe(`region ${at.publicA}`);
    expect(await world.hosts.a.greeting(apiAddress, 443, { source: at.vipOfA })).toBe(`region ${at.vip}`);
  });

  it('lets no host without an Elastic IP out', async () => {
    const vpc = exampleVpc();
    await world.fabric.apply({ ...vpc, elasticIps: [vipOn('a')] });
    expect(await world.hosts.a.greeting(apiAddress, 443)).toBe('silence');
  });

  it('opens no way from a host to the runner or to the plain API', async () => {
    await world.runner.serveTcp(18999, runnerAddress);
    expect(await world.hosts.a.greeting(runnerAddress, 18999)).toBe('silence');
    expect(await world.hosts.a.greeting(apiAddress, 4566)).toBe('silence');
    expect(await world.runner.greeting(apiAddress, 4566)).toBe(`region ${runnerAddress}`);
  });

  it('brings a host to an Elastic IP of the same VPC, seen under its own', async () => {
    expect(await world.hosts.b.greeting(at.vip, ports.open)).toBe(`a ${at.publicB}`);
    expect(await world.hosts.a.greeting(at.vip, ports.open)).toBe(`a ${at.publicA}`);
  });
});

describe('a NAT gateway', () => {
  it('is the only way out of a private subnet', async () => {
    expect(await world.hosts.c.greeting(apiAddress, 443)).toBe('No route to host');
    await world.fabric.apply(withNat(exampleVpc()));
    expect(await world.hosts.c.greeting(apiAddress, 443)).toBe(`region ${at.nat}`);
    expect(await world.hosts.c.greeting(at.vip, ports.open)).toBe(`a ${at.nat}`);
  });

  it('takes no connection from outside', async () => {
    await world.fabric.apply(withNat(exampleVpc()));
    expect(await world.runner.greeting(at.nat, ports.open)).toBe('silence');
  });
});

describe('the services of every subnet', () => {
  it('know a host without any way out by its private address', async () => {
    expect(await world.hosts.c.greeting('169.254.169.254', 80)).toBe(`region ${at.c}`);
    expect(await world.hosts.c.askUdp('10.20.0.2', 53)).toBe(`region ${at.c} from 10.20.0.2`);
    expect(await world.hosts.a.askUdp('10.20.0.2', 53)).toBe(`region ${at.a} from 10.20.0.2`);
    expect(await world.hosts.c.askUdp('169.254.169.253', 53)).toBe(`region ${at.c} from 169.254.169.253`);
  });

  it('answer although no security group allows it', async () => {
    await world.fabric.apply(withGroup(exampleVpc(), 'sg-brokers', { egress: [] }));
    expect(await world.hosts.c.greeting('169.254.169.254', 80)).toBe(`region ${at.c}`);
  });

  it('are not reached by another address', async () => {
    await world.fabric.apply(withNat(exampleVpc()));
    expect(await world.hosts.c.greeting(apiAddress, 8169)).toBe('silence');
    expect(await world.hosts.a.greeting(apiAddress, 8169)).toBe('silence');
  });
});

describe('a security group', () => {
  it('allows by port', async () => {
    expect(await world.hosts.b.greeting(at.a, ports.open)).toBe(`a ${at.b}`);
    expect(await world.hosts.b.greeting(at.a, ports.closed)).toBe('silence');
    expect(await world.runner.greeting(at.publicA, ports.closed)).toBe('silence');
  });

  it('allows by the group of the other side', async () => {
    expect(await world.hosts.a.greeting(at.c, ports.brokers)).toBe(`c ${at.a}`);
    expect(await world.hosts.d.greeting(at.c, ports.brokers)).toBe('silence');
  });

  it('allows by protocol number', async () => {
    await world.hosts.a.sendProtocol(vrrp, at.b, 'denied');
    await world.fabric.apply(withVrrpAllowed(exampleVpc()));
    await world.hosts.a.sendProtocol(vrrp, at.b, 'allowed');
    await expect.poll(world.hosts.b.received).toContain(`${at.a} allowed`);
    expect(await world.hosts.b.received()).not.toContain('denied');
  });

  it('denies what goes out as well', async () => {
    const toOpenPort = {
      protocol: 'tcp',
      fromPort: ports.open,
      toPort: ports.open,
      peer: { cidr: '10.20.0.0/16' },
    };
    await world.fabric.apply(withGroup(exampleVpc(), 'sg-balancers', { egress: [toOpenPort] }));
    expect(await world.hosts.a.greeting(at.b, ports.open)).toBe(`b ${at.a}`);
    expect(await world.hosts.a.greeting(at.c, ports.brokers)).toBe('silence');
    expect(await world.hosts.a.greeting(apiAddress, 443)).toBe('silence');
  });

  it('changes for connections to come', async () => {
    const openBrokers = withGroup(exampleVpc(), 'sg-brokers', { ingress: [everything] });
    await world.fabric.apply(openBrokers);
    expect(await world.hosts.d.hold('before', at.c, ports.closed)).toBe(`c ${at.d}`);
    await world.fabric.apply(exampleVpc());
    expect(await world.hosts.d.greeting(at.c, ports.closed)).toBe('silence');
    expect(await world.hosts.d.say('before')).toBe('still there');
  });
});
