import type { HostChange } from './hostChanges';

/** What a change does, in words. */
export interface Consequence {
  readonly host: string;
  readonly clients: string;
}

const nobody = 'nobody is cut';

/** What happens to a host, and to clients: docs/operations.md has the same, and where it was measured. */
export function consequence(change: HostChange): Consequence {
  return change.instance === undefined ? ofRunning(change) : ofInstance(change);
}

function ofInstance({ kind, instance, replacedFor }: HostChange): Consequence {
  const isBroker = kind === 'broker';
  switch (instance) {
    case 'removed':
      return {
        host: 'is drained, leaves the cluster, and is deleted',
        clients: isBroker ? 'its own are cut once' : 'each is cut once',
      };
    case 'replaced': {
      const why = replacedFor.length === 0 ? '' : ` (${replacedFor.join(', ')})`;
      return {
        host: `is replaced${why}: ${isBroker ? 'drained first, with its data volume' : 'hands the address over first'}`,
        clients: isBroker ? 'each is cut at most twice' : 'each is cut once, until EC2 has moved the address',
      };
    }
    default:
      return { host: isBroker ? 'is new: boots and joins' : 'is new: boots', clients: nobody };
  }
}

function ofRunning({ kind, files, programs, versions, updates, secrets }: HostChange): Consequence {
  const effects = foremost(files.map(({ effect }) => effect));
  const parts: Consequence[] = [];
  if (versions.length > 0)
    parts.push({
      host: `${kind === 'broker' ? 'is drained and ' : ''}gets ${versions.join(', ')}`,
      clients: 'each is cut at most twice',
    });
  if (updates)
    parts.push({
      host: 'gets security updates, restarts what they touch, or reboots',
      clients: 'each is cut at most twice',
    });
  parts.push(...effects.map(ofEffect));
  if (secrets) parts.push({ host: 'fetches new secrets', clients: nobody });
  if (parts.every(({ host }) => host === ''))
    parts.push({
      host: programs > 0 ? 'gets new programs' : 'gets files that nothing restarts for',
      clients: nobody,
    });
  const cut = parts.map(({ clients }) => clients).sort((a, b) => severity(b) - severity(a));
  return {
    host: [...new Set(parts.map(({ host }) => host))].filter((each) => each !== '').join('; '),
    clients: cut[0] ?? nobody,
  };
}

/** A unit that is restarted is not reloaded, too. */
function foremost(effects: readonly string[]): readonly string[] {
  return [...new Set(effects)].filter((effect) => {
    const [verb, unit = ''] = effect.split(':');
    const stronger = { runtime: ['reload', 'restart'], reload: ['restart'] }[verb ?? ''] ?? [];
    return !stronger.some((other) => effects.includes(`${other}:${unit}`));
  });
}

/** Of what a host does for a changed file. */
function ofEffect(effect: string): Consequence {
  switch (effect) {
    case 'none':
      return { host: '', clients: nobody };
    case 'sysctl':
      return { host: 'sets the kernel', clients: nobody };
    case 'runtime:haproxy':
      return { host: 'HAProxy takes it as it runs, or by a reload', clients: nobody };
    case 'restart:emqx':
      return { host: 'is drained, restarts EMQX, joins', clients: 'each is cut at most twice' };
    case 'restart:haproxy':
      return { host: 'restarts HAProxy', clients: 'each is cut once' };
    case 'restart:keepalived':
      return { host: 'restarts Keepalived, and the address may move', clients: 'each is cut at most once' };
    default: {
      const [verb, unit = ''] = effect.split(':');
      return { host: `${verb === 'reload' ? 'reloads' : 'restarts'} ${unit}`, clients: nobody };
    }
  }
}

function severity(clients: string): number {
  return clients === nobody ? 0 : clients.includes('twice') ? 2 : 1;
}

/** Seconds that a host takes to be replaced, from the median of docs/operations.md: 159 s for three brokers, 120 s for two balancers. */
const secondsToReplace = { broker: 53, balancer: 60 };

/** How long the replacements take, one after the other; undefined where nothing is replaced. */
export function replacingMinutes(changes: readonly HostChange[]): number | undefined {
  const seconds = changes
    .filter(({ instance }) => instance === 'replaced')
    .reduce((sum, { kind }) => sum + secondsToReplace[kind], 0);
  return seconds === 0 ? undefined : Math.max(1, Math.round(seconds / 60));
}
