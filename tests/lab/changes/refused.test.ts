import { connectAsync } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { runningStack } from './hosts';

/** A stack that is told nonsense while clients are on. Each test begins where the one before ended. */
const stack = runningStack();

const clients = 60;
const brokers = ['emqx-1', 'emqx-2', 'emqx-3'];
/** In the network of the hosts, where nobody answers. */
const nobody = '10.20.11.250';

const settingsOf = async (broker: string): Promise<string> =>
  stack.lab('exec', broker, '--', 'sh', '-c', 'cat /etc/emqx/*.hocon /etc/emqx/emqx.conf');

async function connects(as: { readonly username: string; readonly password: string }): Promise<boolean> {
  const { endpoints } = await stack.outputs();
  try {
    const client = await connectAsync(endpoints['mqtt'] ?? '', { ...as, reconnectPeriod: 0 });
    await client.endAsync(true);
    return true;
  } catch {
    return false;
  }
}

describe('settings that EMQX itself refuses', () => {
  it('end at the first broker, cut nobody, and leave every broker as it was', async () => {
    const before = await Promise.all(brokers.map(settingsOf));
    const { ran, cuts, lost } = await stack.measured(clients, {
      emqx: { settings: { mqtt: { max_qos_allowed: 7 } } },
    });
    expect(ran.code).not.toBe(0);
    expect(ran.stdout + ran.stderr).toContain('max_qos_allowed');
    expect(ran.stdout).not.toMatch(/emqx-[23]-files updat/);
    expect({ cuts, lost }).toEqual({ cuts: 0, lost: 0 });
    expect(await Promise.all(brokers.map(settingsOf))).toEqual(before);
    stack.configure({ emqx: { settings: undefined } });
    await stack.lab('up');
    await stack.lab('verify');
  });
});

describe('a server for authentication that does not answer', () => {
  it('lets those in who are named before it, nobody else, and is told by verify', async () => {
    const { users } = await stack.outputs();
    const [user] = users;
    if (user === undefined) throw new Error('the stack names no user');
    const { ran, cuts, lost } = await stack.measured(clients, {
      emqx: {
        authentication: [
          { users: { lab: {} } },
          { http: { url: `http://${nobody}:8080/auth`, cidrs: [`${nobody}/32`] } },
        ],
      },
    });
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect({ cuts, lost }).toEqual({ cuts: 0, lost: 0 });
    expect(await connects(user)).toBe(true);
    expect(await connects({ username: 'stranger', password: 'guess' })).toBe(false);
    const verified = await stack.run('verify');
    expect(verified.code).not.toBe(0);
    expect(verified.stdout + verified.stderr).toMatch(/password_based:http/);
  });

  it('is forgotten when it is taken out again', async () => {
    stack.configure({ emqx: { authentication: [{ users: { lab: {} } }] } });
    await stack.lab('up');
    await stack.lab('verify');
  });
});
