import { until } from './until';
import type { Pair } from './faults';
import type { Target } from './target';

/** Each look logs in to both balancers: more often it would slow them down while they heal. */
export const settledPollMs = 100;
const settleLimitMs = 60_000;

/** Waits until exactly one balancer is Keepalived's master and EC2's holder, and the other is ready to be. */
export async function settled(target: Target): Promise<Pair> {
  let pair: Pair | undefined;
  const isSettled = async () => (pair = await pairOf(target)) !== undefined;
  await until(
    'one master that EC2 agrees with, and a standby that is ready',
    settleLimitMs,
    isSettled,
    settledPollMs,
  );
  if (pair === undefined) throw new Error('unreachable: the wait above ends only with a pair');
  return pair;
}

/** Undefined while that is not so. */
export async function pairOf(target: Target): Promise<Pair | undefined> {
  const states = await Promise.all(target.balancers.map((name) => isMaster(target, name)));
  const active = target.balancers.filter((_, index) => states[index] === true);
  const standby = target.balancers.filter((_, index) => states[index] === false);
  const [master = '', ...moreMasters] = active;
  const [other = '', ...moreOthers] = standby;
  if (master === '' || other === '' || moreMasters.length + moreOthers.length > 0) return undefined;
  return (await target.holder()) === master ? { active: master, standby: other } : undefined;
}

/** Undefined while it is not able to serve. Keepalived keeps the address that it advertises on the loopback. */
export async function isMaster(target: Target, balancer: string): Promise<boolean | undefined> {
  const script =
    'systemctl is-active --quiet haproxy keepalived && { cat /run/emqx-haproxy/fault/* 2>/dev/null; ip -4 -o address show dev lo; }';
  const text = await target.shell(balancer, script).catch(() => undefined);
  if (text === undefined || /^1$/m.test(text)) return undefined;
  return text.split('\n').some((line) => line.includes(' inet ') && !line.includes(' 127.0.0.1/'));
}
