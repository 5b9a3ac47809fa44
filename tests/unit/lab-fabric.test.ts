import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostLink, natLink } from '../../lab/fabric/addresses';
import { refuseHostNetworks } from '../../lab/fabric/hostNetworks';
import { addressAt, overlaps, rangeOf } from '../../lab/ipv4';
import {
  element,
  emptyState,
  ipChanges,
  nftChanges,
  type NamespaceState,
} from '../../lab/fabric/namespaceState';
import { planNetwork } from '../../lab/fabric/plan';
import { detached, exampleVpc, withInterface, withVipOn } from '../lab/parts/fabricVpc';

describe('an IPv4 network', () => {
  it('has addresses at offsets from its base, whichever of its addresses names it', () => {
    expect(addressAt('10.20.0.0/16', 2)).toBe('10.20.0.2');
    expect(addressAt('10.20.7.9/16', 1)).toBe('10.20.0.1');
    expect(addressAt('10.20.1.0/24', 256)).toBe('10.20.2.0');
    expect(addressAt('255.255.255.0/24', 255)).toBe('255.255.255.255');
  });

  it('overlaps another exactly when one of the two has the other in it', () => {
    expect(overlaps('10.20.0.0/16', '10.20.3.0/24')).toBe(true);
    expect(overlaps('10.20.3.0/24', '10.20.0.0/16')).toBe(true);
    expect(overlaps('10.20.3.0/24', '10.20.4.0/24')).toBe(false);
    expect(overlaps('0.0.0.0/0', '198.51.100.1')).toBe(true);
  });

  it.each(['10.20.0.0/33', '10.20.0', '10.20.0.256', 'ten', '10.20.0.0/', ''])(
    'is not read from "%s"',
    (text) => {
      expect(() => rangeOf(text)).toThrow(`"${text}" is no IPv4`);
    },
  );
});

describe('names of devices', () => {
  it('fit into what the kernel allows, and differ where the ids do', () => {
    const ids = fc.stringMatching(/^[0-9a-f]{17}$/);
    fc.assert(
      fc.property(ids, (id) => hostLink(`eni-${id}`).length <= 15 && natLink(`nat-${id}`).length <= 15),
    );
    expect(hostLink('eni-0123456789abcdef0')).not.toBe(hostLink('eni-0123456789abcdef1'));
  });
});

describe("this machine's own networks", () => {
  const device = (local: string, prefixlen: number, ifname = 'eth0') => [
    { ifname, addr_info: [{ local, prefixlen }] },
  ];

  it('may be any that the lab does not need', () => {
    refuseHostNetworks(device('192.0.2.2', 24));
    refuseHostNetworks(device('203.0.113.9', 29));
  });

  it("may be the lab's where the device is the lab's own", () => {
    refuseHostNetworks(device('203.0.113.1', 30, 'ec2lab0'));
  });

  it('are refused with the address, the network and the way out', () => {
    expect(() => refuseHostNetworks(device('198.51.100.7', 25))).toThrow(
      "fabric: this machine is itself on the lab's network 198.51.100.0/24: eth0 has 198.51.100.7/25. The lab needs " +
        '203.0.113.0/29 and 198.51.100.0/24 for itself. Take that address away (ip address del 198.51.100.7/25 dev ' +
        'eth0) or run the lab on another machine.',
    );
  });
});

describe('the way from one state of a namespace to another', () => {
  const state = (part: Partial<NamespaceState>): NamespaceState => ({ ...emptyState, ...part });

  it('is empty between equal states', () => {
    const { router } = planNetwork(exampleVpc());
    const again = planNetwork(exampleVpc()).router;
    expect(nftChanges(router, again)).toBe('');
    expect(ipChanges(router, again)).toEqual({ remove: [], make: [] });
  });

  it('replaces a route that changed, and removes one that is gone', () => {
    const before = state({
      ip: new Map([
        ['route del A', 'route replace A dev x'],
        ['route del B', 'route replace B'],
      ]),
    });
    const after = state({ ip: new Map([['route del A', 'route replace A dev y']]) });
    expect(ipChanges(before, after)).toEqual({ remove: ['route del B'], make: ['route replace A dev y'] });
  });

  it('takes a mapping away before it adds the new one', () => {
    const before = state({ elements: new Map([element('ip t m', 'k', '1')]) });
    const after = state({ elements: new Map([element('ip t m', 'k', '2')]) });
    expect(nftChanges(before, after)).toBe('delete element ip t m { k }; add element ip t m { k : 2 }');
  });

  it('makes a chain before anything jumps to it, and deletes it after', () => {
    const none = state({});
    const some = state({
      elements: new Map([element('ip t v', '"e"', 'jump c')]),
      chains: new Map([['ip t c', ['ip saddr @s return', 'drop']]]),
      sets: new Map([['ip t s', 'ipv4_addr']]),
    });
    expect(nftChanges(none, some).split('; ')).toEqual([
      'add set ip t s { type ipv4_addr', // the statement's own semicolon
      '}',
      'add chain ip t c',
      'flush chain ip t c',
      'add rule ip t c ip saddr @s return',
      'add rule ip t c drop',
      'add element ip t v { "e" : jump c }',
    ]);
    expect(nftChanges(some, none).split('; ')).toEqual([
      'delete element ip t v { "e" }',
      'flush chain ip t c',
      'delete chain ip t c',
      'delete set ip t s',
    ]);
  });

  it('is two mappings and a set for an Elastic IP that moves, and nothing in the router', () => {
    const [before, after] = [planNetwork(exampleVpc()), planNetwork(withVipOn(exampleVpc(), 'b'))];
    expect(nftChanges(before.router, after.router)).toBe('');
    expect(nftChanges(before.internetGateway, after.internetGateway).split('; ')).toEqual([
      'delete element ip igw privateAddresses { 198.51.100.10 }',
      'delete element ip igw publicAddresses { 10.20.0.20 }',
      'delete element ip igw associated { 10.20.0.20 }',
      'add element ip igw privateAddresses { 198.51.100.10 : 10.20.0.21 }',
      'add element ip igw publicAddresses { 10.20.0.21 : 198.51.100.10 }',
      'add element ip igw associated { 10.20.0.21 }',
    ]);
  });
});

describe('the plan of a network', () => {
  it('has only interfaces that are attached', () => {
    const vpc = exampleVpc();
    const interfaces = vpc.interfaces.map(detached);
    expect([...planNetwork({ ...vpc, interfaces }).interfaces]).toEqual([]);
    expect(planNetwork(vpc).interfaces.size).toBe(4);
  });

  it('gives no interface the address of another', () => {
    const vpc = withInterface(exampleVpc(), 'a', { addresses: ['10.20.0.10'] });
    const holders = [...planNetwork(vpc).router.elements.values()].filter((line) =>
      line.includes(' holders '),
    );
    expect(holders.filter((line) => line.includes('10.20.0.20'))).toEqual([]);
    expect(holders).toHaveLength(5);
  });

  it("refuses a VPC on the lab's own networks", () => {
    expect(() => planNetwork({ ...exampleVpc(), cidr: '198.51.0.0/16' })).toThrow(
      'fabric: vpc-test has the range 198.51.0.0/16, which overlaps 198.51.100.0/24',
    );
  });
});
