import { plainOptions, prefixOf, requireAll, type Measurement } from '../measurement';

const count = 1_000;

/** What each call is for; the others count as such. */
const purposes = {
  sockets: ['accept4', 'socket', 'connect', 'fcntl', 'shutdown', 'close'],
  options: ['setsockopt', 'getsockopt'],
  bytes: ['recvfrom', 'sendto'],
  polling: ['epoll_wait', 'epoll_ctl'],
  // A line by UDP or to standard output, and the wait for another thread that is writing one.
  log: ['sendmsg', 'writev', 'sched_yield'],
} as const;

/** How often HAProxy asks the kernel for something, for a connection and its line in the log. */
export const systemCalls: Measurement<'systemCalls'> = {
  name: 'systemCalls',
  contestants: ['guide', 'ours', 'guide30', 'ours30'],
  options: plainOptions,
  measure: async (site, contestant, round) => {
    const calls = await contestant.systemCalls(async () => {
      const result = await site.load.connect(contestant.target('mqtt'), {
        ...{ prefix: prefixOf(contestant, 'traced', round), count },
      });
      requireAll(result, `${contestant.name}, traced`);
    });
    const sum = (names: Iterable<string>) =>
      [...names].reduce((total, name) => total + (calls.get(name) ?? 0), 0) / count;
    const all = sum(calls.keys());
    const { sockets, options, bytes, polling, log } = purposes;
    const known = [...sockets, ...options, ...bytes, ...polling, ...log];
    return {
      ...{ sockets: sum(sockets), options: sum(options), bytes: sum(bytes), polling: sum(polling) },
      ...{ log: sum(log), other: all - sum(known), all },
    };
  },
};
