import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { igwNamespace, routerNamespace, runnerAddress } from '../../../lab/fabric/addresses';
import { baseIsUp, labNamespaces, lowerBase, raiseBase } from '../../../lab/fabric';
import type { NetworkInterface, Vpc } from '../../../lab/model';
import { run } from '../../../lab/process';
import { FabricHost } from './fabricHost';
import { at, detached, exampleVpc, host, interfaceIdOf, ports } from './fabricVpc';
import { FabricWorld, namespaceOf, vrrp, withVrrpAllowed, type Name } from './fabricWorld';

let world: FabricWorld;
beforeAll(async () => {
  world = await FabricWorld.raise();
}, 30_000);
afterAll(() => world.lower());
beforeEach(() => world.renew());

describe('a host', () => {
  it('hears and says nothing while it is cut, and goes on afterwards', async () => {
    await world.runner.hold('through', at.publicA, ports.open);
    await world.fabric.cut(interfaceIdOf('a'));
    expect(await world.runner.greeting(at.publicA, ports.open)).toBe('silence');
    expect(await world.hosts.a.greeting(at.b, ports.open)).toBe('silence');
    expect(await world.hosts.a.greeting('169.254.169.254', 80)).toBe('silence');
    await world.fabric.uncut(interfaceIdOf('a'));
    expect(await world.runner.greeting(at.publicA, ports.open)).toBe(`a ${runnerAddress}`);
    await expect.poll(() => world.runner.say('through'), { timeout: 3_000 }).toContain('still there');
  });

  it.each([
    ['is heard by nobody', 'a'],
    ['hears nobody', 'b'],
  ])('%s while it is cut', async (_, cut) => {
    await world.fabric.apply(withVrrpAllowed(exampleVpc()));
    // a has to know b's MAC before: what waits for ARP would leave when the cut has healed.
    await world.hosts.a.sendProtocol(vrrp, at.b, `before ${cut}`);
    await expect.poll(world.hosts.b.received).toContain(`before ${cut}`);
    await world.fabric.cut(interfaceIdOf(cut));
    await world.hosts.a.sendProtocol(vrrp, at.b, `cut ${cut}`);
    await world.fabric.uncut(interfaceIdOf(cut));
    await world.hosts.a.sendProtocol(vrrp, at.b, `healed ${cut}`);
    await expect.poll(world.hosts.b.received).toContain(`${at.a} healed ${cut}`);
    expect(await world.hosts.b.received()).not.toContain(`cut ${cut}`);
  });

  it.each(['a', 'b'])('exchanges no VRRP, and all else, while %s is cut from that', async (cut) => {
    await world.fabric.apply(withVrrpAllowed(exampleVpc()));
    await world.hosts.a.sendProtocol(vrrp, at.b, `before vrrp ${cut}`);
    await expect.poll(world.hosts.b.received).toContain(`before vrrp ${cut}`);
    await world.fabric.cut(interfaceIdOf(cut), 'vrrp');
    await world.hosts.a.sendProtocol(vrrp, at.b, `cut vrrp ${cut}`);
    expect(await world.hosts.a.greeting('169.254.169.254', 80)).toBe(`region ${at.a}`);
    await world.fabric.uncut(interfaceIdOf(cut));
    await world.hosts.a.sendProtocol(vrrp, at.b, `healed vrrp ${cut}`);
    await expect.poll(world.hosts.b.received).toContain(`${at.a} healed vrrp ${cut}`);
    expect(await world.hosts.b.received()).not.toContain(`cut vrrp ${cut}`);
  });

  it('and one other are apart while cut from each other, and reach everyone else', async () => {
    await world.fabric.cut(interfaceIdOf('a'), { from: interfaceIdOf('b') });
    await world.fabric.cut(interfaceIdOf('b'), { from: interfaceIdOf('a') });
    expect(await world.hosts.b.greeting(at.a, ports.open)).toBe('silence');
    expect(await world.runner.greeting(at.publicA, ports.open)).toBe(`a ${runnerAddress}`);
    await world.fabric.uncut(interfaceIdOf('a'));
    expect(await world.hosts.b.greeting(at.a, ports.open)).toBe('silence');
    await world.fabric.uncut(interfaceIdOf('b'));
    expect(await world.hosts.b.greeting(at.a, ports.open)).toBe(`a ${at.b}`);
  });

  it('gets no answer to ARP while it is cut', async () => {
    await world.fabric.cut(interfaceIdOf('a'));
    expect(await world.hosts.a.greeting(at.b, ports.open)).toBe('silence');
    expect(await neighboursOf('a')).not.toContain('lladdr');
    await world.fabric.uncut(interfaceIdOf('a'));
    await expect
      .poll(() => world.hosts.a.greeting('169.254.169.254', 80), { timeout: 5_000 })
      .toBe(`region ${at.a}`);
    expect(await neighboursOf('a')).toContain('lladdr');
  });

  it('boots with its primary address alone', async () => {
    expect(await addressesOf('b')).toContain(`${at.vipOfB}/32`);
    await world.fabric.renew(interfaceIdOf('b'));
    expect(await addressesOf('b')).toEqual([`${at.b}/24`]);
    expect(await world.hosts.b.greeting(at.a, ports.open)).toBe(`a ${at.b}`);
  });

  it('keeps its network and its connections over a restart of the fabric', async () => {
    await world.runner.hold('old', at.publicA, ports.open);
    await world.restartFabric();
    expect(await world.runner.say('old')).toBe('still there');
    expect(await world.hosts.b.greeting(at.a, ports.open)).toBe(`a ${at.b}`);
  });

  it('is named when it is not there', async () => {
    await expect(world.fabric.cut('eni-none')).rejects.toThrow(
      /eni-none is not attached; attached are: eni-0f/,
    );
  });
});

describe('an interface', () => {
  const added = host('e', 'subnet-public', ['10.20.0.12'], 'sg-balancers');
  const withAdded = (networkInterface: NetworkInterface): Vpc => {
    const vpc = exampleVpc();
    return { ...vpc, interfaces: [...vpc.interfaces, networkInterface] };
  };

  it('has a namespace while it is attached', async () => {
    await world.fabric.apply(withAdded(added));
    expect(labNamespaces()).toContain(namespaceOf('e'));
    await world.fabric.apply(withAdded(detached(added)));
    expect(labNamespaces()).not.toContain(namespaceOf('e'));
  });

  it('is gone at once, and its namespace when the last process in it has ended', async () => {
    await world.fabric.apply(withAdded(added));
    const guest = new FabricHost('e', namespaceOf('e'));
    await guest.serveTcp(ports.open);
    expect(await world.hosts.b.greeting('10.20.0.12', ports.open)).toBe(`e ${at.b}`);
    await world.fabric.apply(exampleVpc());
    expect(await world.hosts.b.greeting('10.20.0.12', ports.open)).not.toContain('e ');
    expect(labNamespaces()).toContain(namespaceOf('e'));
    await guest.close();
    await expect.poll(labNamespaces, { timeout: 2_000 }).not.toContain(namespaceOf('e'));
  });
});

describe('the base network', () => {
  it('is made whole when half of it is gone, and leaves nothing but the guard routes', async () => {
    await run('ip', ['-n', igwNamespace, 'link', 'del', 'vpc0']);
    await world.fabric.close();
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
    expect(await run('ip', ['-br', 'link'])).not.toContain('ec2lab');
    expect(await run('nft', ['list', 'ruleset'])).not.toMatch(/igw|vpc/);
    expect(await world.runner.greeting(at.publicA, ports.open)).toBe('No route to host');
  });
});

async function addressesOf(name: Name): Promise<string[]> {
  const text = await run('ip', ['-n', namespaceOf(name), '-4', '-br', 'address', 'show', 'dev', 'ens5']);
  return text.trim().split(/\s+/).slice(2);
}

function neighboursOf(name: Name): Promise<string> {
  return run('ip', ['-n', namespaceOf(name), '-4', 'neigh', 'show', 'dev', 'ens5']);
}
