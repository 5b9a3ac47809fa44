import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  apiAddress,
  igwNamespace,
  interfaceNamespace,
  namespacePath,
  routerNamespace,
  runnerAddress,
} from '../../../lab/fabric/addresses';
import {
  baseIsUp,
  createFabric,
  labNamespaces,
  lowerBase,
  raiseBase,
  type LabFabric,
} from '../../../lab/fabric';
import type { NetworkInterface, Vpc } from '../../../lab/model';
import { run } from '../../../lab/process';
import { FabricHost } from './fabricHost';
import {
  at,
  detached,
  everything,
  exampleVpc,
  host,
  interfaceIdOf,
  ports,
  vipOn,
  withGroup,
  withInterface,
  withNat,
  withOverlayOn,
  withVipOn,
} from './fabricVpc';

/** The protocol that Keepalived speaks. */
const vrrp = 112;
const names = ['a', 'b', 'c', 'd'] as const;
type Name = (typeof names)[number];

let fabric: LabFabric;
let hosts: Record<Name, FabricHost>;
let runner: FabricHost;
let region: FabricHost;

beforeAll(async () => {
  await lowerBase();
  await raiseBase();
  fabric = createFabric();
  await fabric.apply(exampleVpc());
  hosts = {
    a: new FabricHost('a', namespaceOf('a')),
    b: new FabricHost('b', namespaceOf('b')),
    c: new FabricHost('c', namespaceOf('c')),
    d: new FabricHost('d', namespaceOf('d')),
  };
  runner = new FabricHost('runner');
  region = new FabricHost('region', igwNamespace);
  await Promise.all([
    ...Object.values(hosts).flatMap((host) => Object.values(ports).map((port) => host.serveTcp(port))),
    ...[4566, 443, 8169].map((port) => region.serveTcp(port)),
    region.serveUdp(8053),
    hosts.b.serveProtocol(vrrp),
  ]);
}, 30_000);

afterAll(async () => {
  await Promise.all([...Object.values(hosts), runner, region].map((host) => host.close()));
  await fabric.close();
  await lowerBase();
});

beforeEach(async () => {
  fabric.setMoveBehaviour({ delayMs: 0, lingerMs: 0 });
  await fabric.apply(exampleVpc());
  for (const name of names) {
    await fabric.uncut(interfaceIdOf(name));
    await fabric.renew(interfaceIdOf(name));
  }
  await takeSecondaryAddress('a', at.vipOfA);
  await takeSecondaryAddress('b', at.vipOfB);
  // A connection that a former test's rules allowed would go on in this one.
  await run('nsenter', [`--net=${namespacePath(routerNamespace)}`, 'conntrack', '-F']);
});

describe('the internet gateway', () => {
  it('takes the runner to an Elastic IP, with its address as it is', async () => {
    expect(await runner.greeting(at.publicA, ports.open)).toBe(`a ${runnerAddress}`);
    expect(await runner.greeting(at.publicB, ports.open)).toBe(`b ${runnerAddress}`);
    expect(await runner.greeting(at.vip, ports.open)).toBe(`a ${runnerAddress}`);
  });

  it('takes nobody to a private address or to an Elastic IP that is not associated', async () => {
    expect(await runner.greeting('198.51.100.99', ports.open)).toBe('silence');
    expect(await runner.greeting(at.a, ports.open)).not.toContain('a ');
  });

  it('shows a host to the region under its Elastic IP', async () => {
    expect(await hosts.a.greeting(apiAddress, 443)).toBe(`region ${at.publicA}`);
    expect(await hosts.a.greeting(apiAddress, 443, { source: at.vipOfA })).toBe(`region ${at.vip}`);
  });

  it('lets no host without an Elastic IP out', async () => {
    const vpc = exampleVpc();
    await fabric.apply({ ...vpc, elasticIps: [vipOn('a')] });
    expect(await hosts.a.greeting(apiAddress, 443)).toBe('silence');
  });

  it('opens no way from a host to the runner or to the plain API', async () => {
    await runner.serveTcp(18999, runnerAddress);
    expect(await hosts.a.greeting(runnerAddress, 18999)).toBe('silence');
    expect(await hosts.a.greeting(apiAddress, 4566)).toBe('silence');
    expect(await runner.greeting(apiAddress, 4566)).toBe(`region ${runnerAddress}`);
  });

  it('brings a host to an Elastic IP of the same VPC, seen under its own', async () => {
    expect(await hosts.b.greeting(at.vip, ports.open)).toBe(`a ${at.publicB}`);
    expect(await hosts.a.greeting(at.vip, ports.open)).toBe(`a ${at.publicA}`);
  });
});

describe('a NAT gateway', () => {
  it('is the only way out of a private subnet', async () => {
    expect(await hosts.c.greeting(apiAddress, 443)).toBe('No route to host');
    await fabric.apply(withNat(exampleVpc()));
    expect(await hosts.c.greeting(apiAddress, 443)).toBe(`region ${at.nat}`);
    expect(await hosts.c.greeting(at.vip, ports.open)).toBe(`a ${at.nat}`);
  });

  it('takes no connection from outside', async () => {
    await fabric.apply(withNat(exampleVpc()));
    expect(await runner.greeting(at.nat, ports.open)).toBe('silence');
  });
});

describe('the services of every subnet', () => {
  it('know a host without any way out by its private address', async () => {
    expect(await hosts.c.greeting('169.254.169.254', 80)).toBe(`region ${at.c}`);
    expect(await hosts.c.askUdp('10.20.0.2', 53)).toBe(`region ${at.c} from 10.20.0.2`);
    expect(await hosts.a.askUdp('10.20.0.2', 53)).toBe(`region ${at.a} from 10.20.0.2`);
    expect(await hosts.c.askUdp('169.254.169.253', 53)).toBe(`region ${at.c} from 169.254.169.253`);
  });

  it('answer although no security group allows it', async () => {
    await fabric.apply(withGroup(exampleVpc(), 'sg-brokers', { egress: [] }));
    expect(await hosts.c.greeting('169.254.169.254', 80)).toBe(`region ${at.c}`);
  });

  it('are not reached by another address', async () => {
    await fabric.apply(withNat(exampleVpc()));
    expect(await hosts.c.greeting(apiAddress, 8169)).toBe('silence');
    expect(await hosts.a.greeting(apiAddress, 8169)).toBe('silence');
  });
});

describe('a security group', () => {
  it('allows by port', async () => {
    expect(await hosts.b.greeting(at.a, ports.open)).toBe(`a ${at.b}`);
    expect(await hosts.b.greeting(at.a, ports.closed)).toBe('silence');
    expect(await runner.greeting(at.publicA, ports.closed)).toBe('silence');
  });

  it('allows by the group of the other side', async () => {
    expect(await hosts.a.greeting(at.c, ports.brokers)).toBe(`c ${at.a}`);
    expect(await hosts.d.greeting(at.c, ports.brokers)).toBe('silence');
  });

  it('allows by protocol number', async () => {
    await hosts.a.sendProtocol(vrrp, at.b, 'denied');
    await fabric.apply(withVrrpAllowed(exampleVpc()));
    await hosts.a.sendProtocol(vrrp, at.b, 'allowed');
    await expect.poll(hosts.b.received).toContain(`${at.a} allowed`);
    expect(await hosts.b.received()).not.toContain('denied');
  });

  it('denies what goes out as well', async () => {
    const toOpenPort = {
      protocol: 'tcp',
      fromPort: ports.open,
      toPort: ports.open,
      peer: { cidr: '10.20.0.0/16' },
    };
    await fabric.apply(withGroup(exampleVpc(), 'sg-balancers', { egress: [toOpenPort] }));
    expect(await hosts.a.greeting(at.b, ports.open)).toBe(`b ${at.a}`);
    expect(await hosts.a.greeting(at.c, ports.brokers)).toBe('silence');
    expect(await hosts.a.greeting(apiAddress, 443)).toBe('silence');
  });

  it('changes for connections to come', async () => {
    const openBrokers = withGroup(exampleVpc(), 'sg-brokers', { ingress: [everything] });
    await fabric.apply(openBrokers);
    expect(await hosts.d.hold('before', at.c, ports.closed)).toBe(`c ${at.d}`);
    await fabric.apply(exampleVpc());
    expect(await hosts.d.greeting(at.c, ports.closed)).toBe('silence');
    expect(await hosts.d.say('before')).toBe('still there');
  });
});

describe('an address', () => {
  it('is sent from by its interface only', async () => {
    await fabric.apply(withVrrpAllowed(exampleVpc()));
    await takeSecondaryAddress('a', at.overlay);
    await hosts.a.sendProtocol(vrrp, at.b, 'spoofed', { source: at.overlay });
    await hosts.a.sendProtocol(vrrp, at.b, 'honest', { source: at.vipOfA });
    await expect.poll(hosts.b.received).toContain(`${at.vipOfA} honest`);
    expect(await hosts.b.received()).not.toContain('spoofed');
  });

  it('may be any where the source/dest check is off', async () => {
    await takeSecondaryAddress('a', at.overlay);
    const overlayOnA = withOverlayOn(exampleVpc(), 'a');
    await fabric.apply(withInterface(overlayOnA, 'a', { sourceDestCheck: false }));
    expect(await hosts.a.greeting(at.b, ports.open, { source: at.overlay })).toBe(`b ${at.overlay}`);
  });

  it('that is not of the interface does not reach it, unless the source/dest check is off', async () => {
    await takeSecondaryAddress('b', at.overlay);
    const checked = withOverlayOn(withVrrpAllowed(exampleVpc()), 'b');
    await fabric.apply(checked);
    await hosts.a.sendProtocol(vrrp, at.overlay, 'to a checked interface');
    await fabric.apply(withInterface(checked, 'b', { sourceDestCheck: false }));
    await hosts.a.sendProtocol(vrrp, at.overlay, 'to an unchecked interface');
    await expect.poll(hosts.b.received).toContain(`${at.a} to an unchecked interface`);
    expect(await hosts.b.received()).not.toContain('to a checked interface');
  });

  it('is where the API says, whoever else has taken it', async () => {
    await takeSecondaryAddress('b', at.vipOfA);
    expect(await hosts.d.greeting(at.vipOfA, ports.open)).toBe(`a ${at.d}`);
    const moved = withInterface(exampleVpc(), 'a', { addresses: [at.a] });
    await fabric.apply(withInterface(moved, 'b', { addresses: [at.b, at.vipOfB, at.vipOfA] }));
    expect(await hosts.d.greeting(at.vipOfA, ports.open)).toBe(`b ${at.d}`);
  });

  it('outside the VPC is reached by the route to an interface, which can move', async () => {
    const unchecked = withInterface(exampleVpc(), 'a', { sourceDestCheck: false });
    const both = withInterface(unchecked, 'b', { sourceDestCheck: false });
    await takeSecondaryAddress('a', at.overlay);
    await takeSecondaryAddress('b', at.overlay);
    expect(await hosts.d.greeting(at.overlay, ports.open)).toBe('No route to host');
    await fabric.apply(withOverlayOn(both, 'a'));
    expect(await hosts.d.greeting(at.overlay, ports.open)).toBe(`a ${at.d}`);
    await fabric.apply(withOverlayOn(both, 'b'));
    expect(await hosts.d.greeting(at.overlay, ports.open)).toBe(`b ${at.d}`);
    await fabric.apply(withOverlayOn(exampleVpc(), 'b'));
    expect(await hosts.d.greeting(at.overlay, ports.open)).toBe('silence');
  });
});

describe('an Elastic IP that moves', () => {
  it('leaves no new connection without an answer', async () => {
    fabric.setMoveBehaviour({ delayMs: 0, lingerMs: 5_000 });
    const answers: string[] = [];
    const stop = new AbortController();
    const probe = (async () => {
      while (!stop.signal.aborted) answers.push(await runner.greeting(at.vip, ports.open));
    })();
    try {
      for (let move = 0; move < 20; move += 1) {
        const holder = move % 2 === 0 ? 'b' : 'a';
        await fabric.apply(withVipOn(exampleVpc(), holder));
        expect(await runner.greeting(at.vip, ports.open)).toBe(`${holder} ${runnerAddress}`);
      }
    } finally {
      stop.abort();
      await probe;
    }
    expect(answers.length).toBeGreaterThan(20);
    expect([...new Set(answers)].sort()).toEqual([`a ${runnerAddress}`, `b ${runnerAddress}`]);
  });

  it('has the connections to its former holder reset when they do not linger', async () => {
    await runner.hold('reset', at.vip, ports.open);
    await fabric.apply(withVipOn(exampleVpc(), 'b'));
    await expect.poll(() => runner.say('reset'), { interval: 10 }).toBe('Connection reset by peer');
  });

  it('lets connections go on to its former holder for as long as they linger', async () => {
    fabric.setMoveBehaviour({ delayMs: 0, lingerMs: 400 });
    await runner.hold('lingering', at.vip, ports.open);
    await fabric.apply(withVipOn(exampleVpc(), 'b'));
    expect(await runner.greeting(at.vip, ports.open)).toBe(`b ${runnerAddress}`);
    expect(await runner.say('lingering')).toBe('still there');
    await expect.poll(() => runner.say('lingering'), { timeout: 2_000 }).toBe('Connection reset by peer');
  });

  it('takes effect after the delay, and the answer comes before', async () => {
    fabric.setMoveBehaviour({ delayMs: 300, lingerMs: 0 });
    const begun = performance.now();
    await fabric.apply(withVipOn(exampleVpc(), 'b'));
    expect(await runner.greeting(at.vip, ports.open)).toBe(`a ${runnerAddress}`);
    await expect.poll(() => runner.greeting(at.vip, ports.open), { interval: 10 }).toBe(`b ${runnerAddress}`);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(300);
  });

  it('does not let its former holder out under it', async () => {
    expect(await hosts.a.greeting(apiAddress, 443, { source: at.vipOfA })).toBe(`region ${at.vip}`);
    await fabric.apply(withVipOn(exampleVpc(), 'b'));
    expect(await hosts.a.greeting(apiAddress, 443, { source: at.vipOfA })).toBe('silence');
    expect(await hosts.b.greeting(apiAddress, 443, { source: at.vipOfB })).toBe(`region ${at.vip}`);
  });
});

describe('a host', () => {
  it('hears and says nothing while it is cut, and goes on afterwards', async () => {
    await runner.hold('through', at.publicA, ports.open);
    await fabric.cut(interfaceIdOf('a'));
    expect(await runner.greeting(at.publicA, ports.open)).toBe('silence');
    expect(await hosts.a.greeting(at.b, ports.open)).toBe('silence');
    expect(await hosts.a.greeting('169.254.169.254', 80)).toBe('silence');
    await fabric.uncut(interfaceIdOf('a'));
    expect(await runner.greeting(at.publicA, ports.open)).toBe(`a ${runnerAddress}`);
    await expect.poll(() => runner.say('through'), { timeout: 3_000 }).toContain('still there');
  });

  it.each([
    ['is heard by nobody', 'a'],
    ['hears nobody', 'b'],
  ])('%s while it is cut', async (_, cut) => {
    await fabric.apply(withVrrpAllowed(exampleVpc()));
    // a has to know b's MAC before: what waits for ARP would leave when the cut has healed.
    await hosts.a.sendProtocol(vrrp, at.b, `before ${cut}`);
    await expect.poll(hosts.b.received).toContain(`before ${cut}`);
    await fabric.cut(interfaceIdOf(cut));
    await hosts.a.sendProtocol(vrrp, at.b, `cut ${cut}`);
    await fabric.uncut(interfaceIdOf(cut));
    await hosts.a.sendProtocol(vrrp, at.b, `healed ${cut}`);
    await expect.poll(hosts.b.received).toContain(`${at.a} healed ${cut}`);
    expect(await hosts.b.received()).not.toContain(`cut ${cut}`);
  });

  it.each(['a', 'b'])('exchanges no VRRP, and all else, while %s is cut from that', async (cut) => {
    await fabric.apply(withVrrpAllowed(exampleVpc()));
    await hosts.a.sendProtocol(vrrp, at.b, `before vrrp ${cut}`);
    await expect.poll(hosts.b.received).toContain(`before vrrp ${cut}`);
    await fabric.cut(interfaceIdOf(cut), 'vrrp');
    await hosts.a.sendProtocol(vrrp, at.b, `cut vrrp ${cut}`);
    expect(await hosts.a.greeting('169.254.169.254', 80)).toBe(`region ${at.a}`);
    await fabric.uncut(interfaceIdOf(cut));
    await hosts.a.sendProtocol(vrrp, at.b, `healed vrrp ${cut}`);
    await expect.poll(hosts.b.received).toContain(`${at.a} healed vrrp ${cut}`);
    expect(await hosts.b.received()).not.toContain(`cut vrrp ${cut}`);
  });

  it('and one other are apart while cut from each other, and reach everyone else', async () => {
    await fabric.cut(interfaceIdOf('a'), { from: interfaceIdOf('b') });
    await fabric.cut(interfaceIdOf('b'), { from: interfaceIdOf('a') });
    expect(await hosts.b.greeting(at.a, ports.open)).toBe('silence');
    expect(await runner.greeting(at.publicA, ports.open)).toBe(`a ${runnerAddress}`);
    await fabric.uncut(interfaceIdOf('a'));
    expect(await hosts.b.greeting(at.a, ports.open)).toBe('silence');
    await fabric.uncut(interfaceIdOf('b'));
    expect(await hosts.b.greeting(at.a, ports.open)).toBe(`a ${at.b}`);
  });

  it('gets no answer to ARP while it is cut', async () => {
    await fabric.cut(interfaceIdOf('a'));
    expect(await hosts.a.greeting(at.b, ports.open)).toBe('silence');
    expect(await neighboursOf('a')).not.toContain('lladdr');
    await fabric.uncut(interfaceIdOf('a'));
    await expect
      .poll(() => hosts.a.greeting('169.254.169.254', 80), { timeout: 5_000 })
      .toBe(`region ${at.a}`);
    expect(await neighboursOf('a')).toContain('lladdr');
  });

  it('boots with its primary address alone', async () => {
    expect(await addressesOf('b')).toContain(`${at.vipOfB}/32`);
    await fabric.renew(interfaceIdOf('b'));
    expect(await addressesOf('b')).toEqual([`${at.b}/24`]);
    expect(await hosts.b.greeting(at.a, ports.open)).toBe(`a ${at.b}`);
  });

  it('keeps its network and its connections over a restart of the fabric', async () => {
    await runner.hold('old', at.publicA, ports.open);
    await fabric.close();
    fabric = createFabric();
    await fabric.apply(exampleVpc());
    expect(await runner.say('old')).toBe('still there');
    expect(await hosts.b.greeting(at.a, ports.open)).toBe(`a ${at.b}`);
  });

  it('is named when it is not there', async () => {
    await expect(fabric.cut('eni-none')).rejects.toThrow(/eni-none is not attached; attached are: eni-0f/);
  });
});

describe('an interface', () => {
  const added = host('e', 'subnet-public', ['10.20.0.12'], 'sg-balancers');
  const withAdded = (networkInterface: NetworkInterface): Vpc => {
    const vpc = exampleVpc();
    return { ...vpc, interfaces: [...vpc.interfaces, networkInterface] };
  };

  it('has a namespace while it is attached', async () => {
    await fabric.apply(withAdded(added));
    expect(labNamespaces()).toContain(namespaceOf('e'));
    await fabric.apply(withAdded(detached(added)));
    expect(labNamespaces()).not.toContain(namespaceOf('e'));
  });

  it('is gone at once, and its namespace when the last process in it has ended', async () => {
    await fabric.apply(withAdded(added));
    const guest = new FabricHost('e', namespaceOf('e'));
    await guest.serveTcp(ports.open);
    expect(await hosts.b.greeting('10.20.0.12', ports.open)).toBe(`e ${at.b}`);
    await fabric.apply(exampleVpc());
    expect(await hosts.b.greeting('10.20.0.12', ports.open)).not.toContain('e ');
    expect(labNamespaces()).toContain(namespaceOf('e'));
    await guest.close();
    await expect.poll(labNamespaces, { timeout: 2_000 }).not.toContain(namespaceOf('e'));
  });
});

describe('the base network', () => {
  it('is made whole when half of it is gone, and leaves nothing but the guard routes', async () => {
    await run('ip', ['-n', igwNamespace, 'link', 'del', 'vpc0']);
    await fabric.close();
    expect(await run('ip', ['netns', 'pids', routerNamespace])).toBe('');
    await raiseBase();
    expect(await baseIsUp()).toBe(true);
    await lowerBase();
    expect(await baseIsUp()).toBe(false);
    expect(labNamespaces()).toEqual([]);
    const routes = await run('ip', ['route']);
    expect(
      routes
        .split('\n')
        .filter((line) => /198\.51\.100|203\.0\.113/.test(line))
        .map((line) => line.trim()),
    ).toEqual(['unreachable 198.51.100.0/24 metric 1000000', 'unreachable 203.0.113.0/29 metric 1000000']);
    expect(await run('ip', ['-br', 'link'])).not.toContain('emqxlab');
    expect(await run('nft', ['list', 'ruleset'])).not.toMatch(/igw|vpc/);
    expect(await runner.greeting(at.publicA, ports.open)).toBe('No route to host');
  });
});

function namespaceOf(name: string): string {
  return interfaceNamespace(interfaceIdOf(name));
}

function withVrrpAllowed(vpc: Vpc): Vpc {
  const rule = { protocol: String(vrrp), fromPort: -1, toPort: -1, peer: { groupId: 'sg-balancers' } };
  return withGroup(vpc, 'sg-balancers', { ingress: [rule], egress: [everything] });
}

async function takeSecondaryAddress(name: Name, address: string): Promise<void> {
  await run('ip', ['-n', namespaceOf(name), 'address', 'replace', `${address}/32`, 'dev', 'ens5']);
}

async function addressesOf(name: Name): Promise<string[]> {
  const text = await run('ip', ['-n', namespaceOf(name), '-4', '-br', 'address', 'show', 'dev', 'ens5']);
  return text.trim().split(/\s+/).slice(2);
}

function neighboursOf(name: Name): Promise<string> {
  return run('ip', ['-n', namespaceOf(name), '-4', 'neigh', 'show', 'dev', 'ens5']);
}
