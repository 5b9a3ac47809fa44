import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { backup } from './backup';
import { deadHosts } from './deadHosts';
import { clusterStatus, instanceIds, replaced, runningStack } from './hosts';
import { killed } from './killed';
import { meanwhile, printed } from './meanwhile';
import { together } from './together';

/** A stack on which hosts are replaced while clients are on. Each test begins where the one before ended. */
const stack = runningStack();

const clients = 60;
const brokers = ['emqx-1', 'emqx-2', 'emqx-3'];
const balancers = ['haproxy-1', 'haproxy-2'];

describe('a new image of all brokers', () => {
  it('cuts a client at most twice and loses no acknowledged message', async () => {
    const before = await instanceIds(stack);
    const { ran, mostCuts, lost, acknowledged } = await stack.measured(clients, {
      emqx: { imageGeneration: 2 },
    });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(replaced(before, await instanceIds(stack))).toEqual(brokers);
    expect(acknowledged).toBeGreaterThan(0);
    expect({ mostCuts: Math.min(mostCuts, 2), lost }).toEqual({ mostCuts, lost: 0 });
    for (const name of brokers)
      expect(ran.stdout).toMatch(new RegExp(`${name}-leave .*: 0 of \\d+ clients left`));
    await stack.lab('verify');
  });
});

describe('another type of both balancers', () => {
  it('cuts a client at most once and loses no acknowledged message', async () => {
    const before = await instanceIds(stack);
    const { ran, mostCuts, lost } = await stack.measured(clients, { haproxy: { instanceType: 't3.medium' } });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(replaced(before, await instanceIds(stack))).toEqual(balancers);
    expect({ mostCuts: Math.min(mostCuts, 1), lost }).toEqual({ mostCuts, lost: 0 });
    await stack.lab('verify');
  });
});

describe('a rollout', () => {
  it('does not begin while a broker is away that it does not replace first, and says which', async () => {
    const before = await instanceIds(stack);
    await stack.lab('exec', 'emqx-2', '--', 'systemctl', 'stop', 'emqx');
    stack.configure({ emqx: { imageGeneration: 3 } });
    const { code, stdout, stderr } = await stack.run('up');
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(/is not replaced now: emqx@\S+ does not run in the cluster/);
    expect(replaced(before, await instanceIds(stack))).toEqual([]);
    await stack.lab('exec', 'emqx-2', '--', 'systemctl', 'start', 'emqx');
  });

  it('whose runner is killed in the middle is finished by the next up', async () => {
    const before = await instanceIds(stack);
    const child = stack.start('up');
    await printed(child, /emqx-2-leave deleted original/);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(replaced(before, await instanceIds(stack))).not.toContain('emqx-3');
    const { ran, lost } = await stack.measured(clients, {});
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(lost).toBe(0);
    expect(replaced(before, await instanceIds(stack))).toEqual(brokers);
    await stack.lab('verify');
  });

  it('restarts no broker while another one is away, unless it is asked to all the same', async () => {
    const show = ['systemctl', 'show', '--property=ActiveEnterTimestampMonotonic', 'emqx'];
    const startOf = async (broker: string) => stack.lab('exec', broker, '--', ...show);
    const started = async () => Promise.all(brokers.slice(0, 2).map(startOf));
    const before = await started();
    await stack.lab('exec', 'emqx-3', '--', 'systemctl', 'stop', 'emqx');
    const { ran, cut } = await stack.measured(clients, {
      emqx: { settings: { rpc: { connect_timeout: '7s' } } },
    });
    expect(ran.code).not.toBe(0);
    expect(ran.stdout + ran.stderr).toMatch(
      /refused, nothing was changed: emqx@\S+ is not restarted now: emqx@\S+ does not run in the cluster; mend that first, or raise repairGeneration/,
    );
    expect(cut).toBe(0);
    expect(await started()).toEqual(before);
    const { ran: asked, lost } = await stack.measured(clients, { emqx: { repairGeneration: 2 } });
    expect(asked.code, asked.stdout + asked.stderr).toBe(0);
    expect(lost).toBe(0);
    expect(await started()).not.toEqual(before);
    await stack.lab('verify');
  });
});

describe('a new host that does not come up', () => {
  let before: Readonly<Record<string, string>>;

  it('ends the rollout with the others untouched', async () => {
    before = await instanceIds(stack);
    const broken = { imageGeneration: 4, version: '5.8.99' };
    const { ran, lost } = await stack.measured(clients, { emqx: broken });
    expect(ran.code).not.toBe(0);
    expect(ran.stdout + ran.stderr).toContain('emqx-1');
    expect(replaced(before, await instanceIds(stack))).toEqual(['emqx-1']);
    expect(lost).toBe(0);
  });

  it('has it go on once it does', async () => {
    stack.configure({ emqx: { imageGeneration: 5, version: undefined } });
    await stack.lab('up');
    expect(replaced(before, await instanceIds(stack))).toEqual(brokers);
    await stack.lab('verify');
  });
});

meanwhile(stack, 6);

together(stack);

describe('a broker more, and one less', () => {
  it('cuts none of the clients as it comes', async () => {
    const { ran, cut, lost } = await stack.measured(clients, { emqx: { brokers: 4 } });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect({ cut, lost }).toEqual({ cut: 0, lost: 0 });
  });

  it('cuts its own clients once as it goes, and is no member of the cluster then', async () => {
    const { ran, cut, mostCuts, lost } = await stack.measured(clients, { emqx: { brokers: 3 } });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(cut).toBeLessThan(clients);
    expect({ mostCuts: Math.min(mostCuts, 1), lost }).toEqual({ mostCuts, lost: 0 });
    expect(await clusterStatus(stack)).toMatchObject({ stopped_nodes: [] });
    await stack.lab('verify');
  });
});

describe('a broker of a name that was removed', () => {
  it('comes back clean', async () => {
    stack.configure({ emqx: { brokers: 4 } });
    await stack.lab('up');
    await stack.lab('verify');
  });
});

killed(stack);

backup(stack);

deadHosts(stack);
