import { connectAsync } from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { ChangingStack } from '../../../proving/changes/changingStack';
import { until } from '../../../proving/pair/until';
import { repositoryRoot } from '../../../proving/product';
import { clusterStatus } from './hosts';

const ann = { username: 'ann', password: 'ann-secret-1' };

/** A cluster loses all of its data and gets it back; leaves the stack as it was, with backups on. */
export function backup(stack: ChangingStack): void {
  describe('a cluster that has lost its data', () => {
    it('has its users and retained messages again after a restore', async () => {
      stack.configure({ emqx: { backup: {} } });
      await stack.lab('up');
      await api(stack, 'POST', 'authentication/password_based%3Abuilt_in_database/users', {
        ...{ user_id: ann.username, password: ann.password },
      });
      const client = await connected(stack);
      await client.publishAsync('ann/state', 'kept', { qos: 1, retain: true });
      await client.endAsync();

      expect((await recovery(stack, 'backup')).output).toMatch(/^backed up to s3:\/\/mqtt-brokers-backups-/m);
      expect((await recovery(stack, 'backup', '--list')).output).toMatch(
        / h old +\d+ bytes {2}mqtt\/\S+gz$/m,
      );
      expect((await recovery(stack, 'restore', 'latest')).output).toMatch(/the cluster holds .*--over/);

      await emptied(stack);
      await expect(connected(stack)).rejects.toThrow();
      const restored = await recovery(stack, 'restore', 'latest');
      expect(restored, restored.output).toMatchObject({ code: 0 });
      expect(await retained(stack)).toBe('kept');
      // The stack's own users, keys and settings are in force again, and the backup is young.
      await stack.lab('verify');
    });
  });
}

/** EMQX as on new hosts: nothing of its database or of what its dashboard changed. */
async function emptied(stack: ChangingStack): Promise<void> {
  const { brokers, users } = await stack.outputs();
  const onAll = (...command: readonly string[]) =>
    Promise.all(brokers.map(({ name }) => stack.lab('exec', name, '--', ...command)));
  await onAll('systemctl', 'stop', 'emqx');
  await onAll('rm', '-rf', '/var/lib/emqx/mnesia', '/var/lib/emqx/configs');
  await onAll('systemctl', 'start', '--no-block', 'emqx');
  await until("the stack's own user is let in again", 120_000, async () => comesIn(stack, users[0]), 500);
  await until('all brokers are one cluster', 60_000, async () => {
    const { running_nodes: running } = (await clusterStatus(stack)) as { readonly running_nodes: object[] };
    return running.length === brokers.length;
  });
}

async function comesIn(stack: ChangingStack, user: IClientOptions | undefined): Promise<boolean> {
  try {
    await (await connected(stack, { ...user, clientId: 'first' })).endAsync();
    return true;
  } catch {
    return false;
  }
}

/** A call of EMQX's API by the key of the host's own programs. */
async function api(stack: ChangingStack, method: string, path: string, body: object): Promise<void> {
  const program = `import json, sys; from broker.emqx_api import call; call(${JSON.stringify(method)}, ${JSON.stringify(path)}, json.loads(sys.argv[1]))`;
  const folder = '/usr/local/lib/emqx-haproxy';
  await stack.lab(
    ...['exec', 'emqx-1', '--', 'env', `PYTHONPATH=${folder}`, 'python3', '-c', program],
    JSON.stringify(body),
  );
}

/** Rejects where nobody serves it, too: without a try more the client would say nothing of a connection that is closed. */
async function connected(stack: ChangingStack, options: IClientOptions = {}): Promise<MqttClient> {
  const { endpoints } = await stack.outputs();
  const client = { ...ann, clientId: 'ann', reconnectPeriod: 0, connectTimeout: 5_000, ...options };
  return connectAsync(endpoints['mqtt'] ?? 'missing:', client, false);
}

async function retained(stack: ChangingStack): Promise<string> {
  const client = await connected(stack);
  try {
    const message = new Promise<string>((done) =>
      client.on('message', (_, payload) => done(payload.toString())),
    );
    await client.subscribeAsync('ann/#', { qos: 1 });
    return await message;
  } finally {
    await client.endAsync();
  }
}

/** The operator's own command, given the stack's outputs. */
async function recovery(
  stack: ChangingStack,
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn('npx', ['tsx', 'recovery/cli.ts', ...args], { cwd: repositoryRoot });
  child.stdin.end(await stack.lab('outputs', '--json'));
  const code = new Promise<number | null>((done) => child.on('close', done));
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, output: out + errors };
}
