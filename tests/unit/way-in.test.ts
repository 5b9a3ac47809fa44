import { createServer, type AddressInfo } from 'node:net';
import { utils } from 'ssh2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { SshEndpoint } from '../../components/host/sshDial';
import { checkWayIn, type WayIn, type WayInLimits } from '../../components/host/wayIn';
import { startSilentServer, startSshServer, type SshServer } from './lab-sshServer';

const hostKey = utils.generateKeyPairSync('ed25519');
const jumpKey = utils.generateKeyPairSync('ed25519');
const ownKey = utils.generateKeyPairSync('ed25519');
const opened: Pick<SshServer, 'close'>[] = [];

/** Short, so that what must be bounded is over within the test. */
const limits: WayInLimits = {
  connectMs: 300,
  answerMs: 300,
  pauseMs: 20,
  withinMs: 600,
  believedAfterMs: 60,
};

/** Of what is to come about, however busy the machine is. */
const patient: WayInLimits = { ...limits, connectMs: 30_000, answerMs: 30_000, withinMs: 60_000 };

async function server(options: Partial<Parameters<typeof startSshServer>[0]> = {}): Promise<SshServer> {
  const started = await startSshServer({
    hostKey: hostKey.private,
    authorizedKey: () => ownKey.public,
    ...options,
  });
  opened.push(started);
  return started;
}

async function silent(accepted: Parameters<typeof startSilentServer>[0]) {
  const started = await startSilentServer(accepted);
  opened.push(started);
  return started;
}

function endpoint({ port }: { readonly port: number }, more: Partial<SshEndpoint> = {}): SshEndpoint {
  const login = { user: 'admin', privateKey: ownKey.private, hostKey: hostKey.public };
  return { address: '127.0.0.1', port, ...login, ...more };
}

function way(target: { readonly port: number }, jump?: { readonly port: number }): WayIn {
  return {
    hostname: 'emqx-2',
    instanceId: 'i-0abc',
    target: endpoint(target),
    ...(jump === undefined ? {} : { jump: endpoint(jump, { hostKey: jumpKey.public }) }),
  };
}

/** What a check that must fail says, and how long it took. */
async function refusal(of: WayIn, within: Partial<WayInLimits> = {}) {
  const begunAt = performance.now();
  try {
    await checkWayIn(of, { ...limits, ...within });
  } catch (error) {
    return { said: error instanceof Error ? error.message : '', tookMs: performance.now() - begunAt };
  }
  throw new Error('the check found a way in');
}

/** A port that nobody listens on. */
async function closedPort(): Promise<{ readonly port: number }> {
  const listener = createServer();
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
  const { port } = listener.address() as AddressInfo;
  await new Promise((done) => listener.close(done));
  return { port };
}

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

describe('the way in to a host', () => {
  it('is open where a login works and a command ends, and leaves no connection behind', async () => {
    const target = await server();
    const jump = await server({ hostKey: jumpKey.private });
    await checkWayIn(way(target), patient);
    await checkWayIn(way(target, jump), patient);
    expect([target.sessions(), jump.sessions()]).toEqual([2, 1]);
  });

  it('is waited for while a host boots, and told once', async () => {
    const port = await closedPort();
    const told: string[] = [];
    const waiting = checkWayIn(way(port), patient, (text) => told.push(text));
    await vi.waitUntil(() => told.length > 0);
    await server(port);
    await waiting;
    expect(told).toEqual([`waiting for emqx-2 at 127.0.0.1:${port.port}: the connection is refused`]);
  });

  it('to one that accepts and says nothing is given up in time, and says what to do', async () => {
    const frozen = await silent((socket) => void socket.resume());
    const { said, tookMs } = await refusal(way(frozen));
    expect(said).toMatch(
      new RegExp(
        `^no way in to emqx-2 at 127.0.0.1:${frozen.port}: the connection is taken, but no SSH server greets within 0.3 s ` +
          '\\(\\d tr(y|ies) in \\d s\\)\\. emqx-2 is frozen, overloaded or out of memory\\. ' +
          'Look with `aws ec2 get-console-output .* --instance-id i-0abc`; restart it with .* run `up` again\\.$',
      ),
    );
    expect(tookMs).toBeLessThan(limits.withinMs + limits.answerMs + 1_000);
  });

  it('to one that freezes behind a jump host is dialled anew each time, and open when it thaws', async () => {
    const jump = await server({ hostKey: jumpKey.private });
    let tunnels = 0;
    const broken = await silent((socket) => {
      tunnels += 1;
      socket.destroy();
    });
    const port = { port: broken.port };
    const waiting = checkWayIn(way(port, jump), patient);
    await vi.waitUntil(() => tunnels > 1);
    await broken.close();
    await server(port);
    await waiting;
  });

  it('is refused at once where the host shows another key, which is named', async () => {
    const other = await server({ hostKey: jumpKey.private });
    const { said, tookMs } = await refusal(way(other), { withinMs: 60_000 });
    expect(said).toMatch(
      /^no way in to emqx-2 at .*: it shows the host key SHA256:\S+ instead of SHA256:\S+, .* Another machine answers there/,
    );
    expect(tookMs).toBeLessThan(10_000);
    expect(other.sessions()).toBe(0);
  });

  it('says whether it is the jump host that shows another key, or lets nobody in', async () => {
    const target = await server();
    const wrong = await server({ hostKey: hostKey.private });
    const closed = await server({ hostKey: jumpKey.private, authorizedKey: () => undefined });
    const atJump = (port: number) =>
      new RegExp(`^no way in to emqx-2, at its jump host 127.0.0.1:${port}: (it shows|the login is refused)`);
    expect((await refusal(way(target, wrong))).said).toMatch(atJump(wrong.port));
    const { said } = await refusal(way(target, closed));
    expect(said).toMatch(atJump(closed.port));
    expect(said).toContain('ssh.via.user and ssh.via.privateKey must be those of the jump host');
  });

  it('tells that an RSA key of a jump host does not do, where that has none to sign by', async () => {
    const rsa = utils.generateKeyPairSync('rsa', { bits: 2048 });
    const jump = await server({ hostKey: jumpKey.private });
    const of = way(await server(), jump);
    const { said } = await refusal({ ...of, jump: endpoint(jump, { hostKey: rsa.public }) });
    expect(said).toContain('it has no host key of the type ssh-rsa that it was given');
    expect(said).toContain('an ssh-rsa key is refused by OpenSSH 8.8 and newer');
  });

  it('says that the jump host is silent, and not the host behind it', async () => {
    const frozen = await silent((socket) => void socket.resume());
    const { said } = await refusal(way(await server(), frozen));
    expect(said).toContain('emqx-2, at its jump host');
    expect(said).toContain('The jump host is frozen');
  });

  it('to one that takes logins and runs nothing is none', async () => {
    const { said } = await refusal(way(await server({ runsCommands: false })));
    expect(said).toContain('it takes the login, but a command does not end within 0.3 s');
  });

  it('has a deed done on the connection that found it, through a jump host too, and tells what a failing one says', async () => {
    const target = await server();
    const open = way(target, await server({ hostKey: jumpKey.private }));
    const does = async (command: string, withinMs = 600) =>
      checkWayIn(open, patient, undefined, { command, withinMs, failed: 'emqx-2 is not well' });
    await does('sleep 0.5', 10_000);
    expect(target.sessions()).toBe(1);
    await expect(does('echo not now >&2; exit 3')).rejects.toThrow(/^emqx-2 is not well: not now$/);
    await expect(does('exit 4')).rejects.toThrow(/^emqx-2 is not well: exit code 4$/);
    await expect(does('sleep 5')).rejects.toThrow(/^emqx-2 is not well: .* does not end within 0.6 s/);
    expect(target.sessions()).toBe(4);
  });

  it('names an SSH agent that is gone, which the command provider would fail at', async () => {
    vi.stubEnv('SSH_AUTH_SOCK', '/nonexistent/agent');
    const { said } = await refusal(way(await server()));
    expect(said).toContain('the SSH agent at /nonexistent/agent (SSH_AUTH_SOCK)');
    expect(said).toContain('or unset SSH_AUTH_SOCK');
  });
});
