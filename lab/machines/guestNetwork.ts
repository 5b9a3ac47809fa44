import { run } from '../process';

/**
 * The network of a machine outlives it in its namespace: the kernel there would answer for a dead machine, and what
 * a guest configured (a virtual IP, firewall rules) would still be there at its next boot, as on no real host.
 */
export interface GuestNetwork {
  /** Nothing goes in or out any more. */
  silence(): Promise<void>;
  /** As the fabric made it: no addresses of the guest's own, no rules. */
  reset(): Promise<void>;
}

/** Remembers the addresses that the namespace has now, before its machine boots for the first time. */
export async function rememberGuestNetwork(namespace: string): Promise<GuestNetwork> {
  const inside = (...argv: string[]) => run('nsenter', [`--net=/run/netns/${namespace}`, ...argv]);
  const addresses = async () =>
    (await inside('ip', '-oneline', 'address', 'show'))
      .split('\n')
      .flatMap((line) => /^\d+: (\S+)\s+inet6? (\S+)/.exec(line)?.slice(1, 3).join(' ') ?? []);
  const original = new Set(await addresses());
  const routes = (await inside('ip', 'route', 'show', 'default'))
    .split('\n')
    .filter((route) => route.trim() !== '');
  return {
    silence: async () => {
      await run('nsenter', [`--net=/run/netns/${namespace}`, 'nft', '--file', '-'], { input: silence });
    },
    reset: async () => {
      await inside('nft', 'flush', 'ruleset');
      for (const added of (await addresses()).filter((address) => !original.has(address))) {
        const [device = '', address = ''] = added.split(' ');
        // The loopback and link-local addresses come with the link, at no wish of the guest's.
        if (device !== 'lo' && !address.startsWith('fe80:'))
          await inside('ip', 'address', 'delete', address, 'dev', device);
      }
      for (const route of routes) await inside('ip', 'route', 'replace', ...route.trim().split(/\s+/));
    },
  };
}

const silence = `
table inet machine_is_off
delete table inet machine_is_off
table inet machine_is_off {
  chain in { type filter hook prerouting priority -400; policy drop; }
  chain out { type filter hook output priority -400; policy drop; }
}
`;
