import { describe, expect, it } from 'vitest';
import { clusterStatus, instanceIds, runningStack } from './hosts';

/** A stack whose hosts get other versions while clients are on. Each test begins where the one before ended. */
const stack = runningStack({ emqx: { version: '5.8.8' } });

const clients = 60;
const brokers = ['emqx-1', 'emqx-2', 'emqx-3'];
const hosts = ['haproxy-1', 'haproxy-2', ...brokers];

const installed = async (host: string, name: string): Promise<string> =>
  stack.lab('exec', host, '--', 'dpkg-query', '--show', '--showformat=${Version}', name);

/** When a host's first process began, which tells whether it was booted anew. */
const booted = async (host: string): Promise<string> =>
  stack.lab('exec', host, '--', 'stat', '--format=%Y', '/proc/1');

describe('a later version of EMQX', () => {
  it('comes to the brokers that run, one after another: at most two cuts a client, nothing lost', async () => {
    const before = await instanceIds(stack);
    for (const host of brokers) expect(await installed(host, 'emqx')).toBe('5.8.8');
    const { ran, mostCuts, lost, acknowledged, longestMs, seconds } = await stack.measured(clients, {
      emqx: { version: '5.8.9' },
    });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    process.stdout.write(
      `emqx.version: ${JSON.stringify({ mostCuts, longestMs, lost, acknowledged, seconds })}\n`,
    );
    for (const host of brokers) expect(await installed(host, 'emqx')).toBe('5.8.9');
    expect(await instanceIds(stack)).toEqual(before);
    expect(acknowledged).toBeGreaterThan(0);
    expect({ mostCuts: Math.min(mostCuts, 2), lost }).toEqual({ mostCuts, lost: 0 });
    expect(await clusterStatus(stack)).toMatchObject({ stopped_nodes: [] });
    await stack.lab('verify');
  });

  it('is not taken back to an earlier one: the first broker refuses, and all are as they were', async () => {
    const { ran, cuts, lost } = await stack.measured(clients, { emqx: { version: '5.8.8' } });
    expect(ran.code).not.toBe(0);
    expect(ran.stdout + ran.stderr).toMatch(/5\.8\.8.*5\.8\.9|5\.8\.9.*5\.8\.8/);
    expect({ cuts, lost }).toEqual({ cuts: 0, lost: 0 });
    for (const host of brokers) expect(await installed(host, 'emqx')).toBe('5.8.9');
    stack.configure({ emqx: { version: '5.8.9' } });
    await stack.lab('up');
    await stack.lab('verify');
  });
});

describe('security updates', () => {
  it('boot the hosts that ask for it, one after another: at most two cuts a client for each kind, nothing lost', async () => {
    const generation = (number: number) => ({ updates: { security: 'rolling', generation: number } });
    stack.configure({ emqx: generation(1), haproxy: generation(1) });
    await stack.lab('up');
    for (const host of hosts) await stack.lab('exec', host, '--', 'touch', '/run/reboot-required');
    const before = await Promise.all(hosts.map(booted));
    const { ran, mostCuts, lost, longestMs, seconds } = await stack.measured(clients, {
      emqx: generation(2),
      haproxy: generation(2),
    });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    process.stdout.write(`updates.generation: ${JSON.stringify({ mostCuts, longestMs, lost, seconds })}\n`);
    const after = await Promise.all(hosts.map(booted));
    expect(hosts.filter((_, index) => before[index] === after[index])).toEqual([]);
    expect({ mostCuts: Math.min(mostCuts, 4), lost }).toEqual({ mostCuts, lost: 0 });
    await stack.lab('verify');
  });
});
