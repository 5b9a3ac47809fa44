import { connect } from 'node:net';
import { utils } from 'ssh2';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { commandProvider as provider } from '../../lab/providers/command/provider';
import { openSecrets, secret, unknownValue } from '../../lab/providers/values';
import { created, operation, urnOf } from './lab-providers-operations';
import { startSilentServer, startSshServer, type SshServer } from './lab-sshServer';

const localType = 'command:local:Command';
const remoteType = 'command:remote:Command';
const remoteUrn = urnOf(remoteType);

const hostKey = utils.generateKeyPairSync('ed25519');
const jumpKey = utils.generateKeyPairSync('ed25519');
const ownKey = utils.generateKeyPairSync('ed25519');
const servers: SshServer[] = [];

async function server(options: Partial<Parameters<typeof startSshServer>[0]> = {}) {
  const started = await startSshServer({
    hostKey: hostKey.private,
    authorizedKey: () => ownKey.public,
    ...options,
  });
  servers.push(started);
  return started;
}

function connection(to: Pick<SshServer, 'port'>, more: Record<string, unknown> = {}) {
  return {
    host: '127.0.0.1',
    port: to.port,
    user: 'admin',
    privateKey: ownKey.private,
    hostKey: hostKey.public,
    dialErrorLimit: 1,
    ...more,
  };
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((each) => each.close()));
});

describe('a command over SSH', () => {
  let target: SshServer;
  beforeAll(() => {
    expect(ownKey.public).toContain('ssh-ed25519');
  });

  it('gets its standard input and gives back both streams', async () => {
    target = await server();
    const inputs = { connection: connection(target), create: 'cat; echo bad >&2', stdin: 'one\ntwo\n' };
    expect((await created(provider, remoteType, inputs)).values).toMatchObject({
      stdout: 'one\ntwo',
      stderr: 'bad',
    });
  });

  it('fails with its exit code and its last lines', async () => {
    target = await server();
    const inputs = { connection: connection(target), create: 'seq 40; echo why >&2; exit 3' };
    const failed = provider.create(remoteUrn, inputs, operation());
    await expect(failed).rejects.toThrow(
      /^Process exited with status 3: running "seq 40.*":\n[^]*40\n[^]*why/,
    );
  });

  it('is over though how it ended is read together with the answer that it runs', async () => {
    target = await server();
    const late = await startSilentServer((socket) => {
      const host = connect(target.port, '127.0.0.1');
      socket.pipe(host);
      let waiting: Buffer[] = [];
      host.on('data', (part) => {
        if (waiting.push(part) > 1) return;
        setTimeout(() => {
          socket.write(Buffer.concat(waiting));
          waiting = [];
        }, 200);
      });
      host.on('close', () => socket.destroy());
    });
    await created(provider, remoteType, { connection: connection(late), create: 'true' });
    await late.close();
  });

  it('refuses a host whose key is not the pinned one', async () => {
    target = await server({ hostKey: jumpKey.private });
    const failed = provider.create(
      remoteUrn,
      { connection: connection(target), create: 'true' },
      operation(),
    );
    await expect(failed).rejects.toThrow(
      /^after 1 failed attempts: ssh: handshake failed: ssh: host key mismatch$/,
    );
    expect(target.sessions()).toBe(0);
  });

  it('asks an RSA host for ssh-rsa alone, which those of today no longer sign by', async () => {
    const rsa = utils.generateKeyPairSync('rsa', { bits: 2048 });
    let offered = '';
    const listening = await startSilentServer((socket) => {
      socket.write('SSH-2.0-test\r\n');
      socket.on('data', (bytes) => {
        offered += bytes.toString('latin1');
        if (offered.includes('ssh-rsa')) socket.destroy();
      });
    });
    const inputs = { connection: connection(listening, { hostKey: rsa.public }), create: 'true' };
    await expect(provider.create(remoteUrn, inputs, operation())).rejects.toThrow(
      'ssh: handshake failed: EOF',
    );
    expect(offered).not.toContain('rsa-sha2');
    await listening.close();
    target = await server();
    const elsewhere = { ...inputs, connection: connection(target, { hostKey: rsa.public }) };
    await expect(provider.create(remoteUrn, elsewhere, operation())).rejects.toThrow(
      'after 1 failed attempts: ssh: handshake failed: ssh: no common algorithm for host key',
    );
  });

  it('goes through the proxy, each host with its own pinned key', async () => {
    target = await server();
    const jump = await server({ hostKey: jumpKey.private });
    const proxy = connection(jump, { hostKey: jumpKey.public });
    const { values } = await created(provider, remoteType, {
      connection: connection(target, { proxy }),
      create: 'echo far',
    });
    expect(values['stdout']).toBe('far');
    expect([jump.sessions(), target.sessions()]).toEqual([1, 1]);
  });

  it('waits for a host that does not listen yet and does not know the key yet', async () => {
    const first = await server();
    await first.close();
    let asked = 0;
    const inputs = { connection: connection(first, { dialErrorLimit: 20 }), create: 'echo ready' };
    const running = created(provider, remoteType, inputs);
    await server({ port: first.port, authorizedKey: () => (++asked > 2 ? ownKey.public : undefined) });
    expect((await running).values['stdout']).toBe('ready');
    expect(asked).toBeGreaterThan(2);
  });

  it('gives up after the dials that it may fail', async () => {
    const gone = await server();
    await gone.close();
    const inputs = { connection: connection(gone, { dialErrorLimit: 2 }), create: 'true' };
    const told = operation();
    await expect(provider.create(remoteUrn, inputs, told)).rejects.toThrow(
      new RegExp(`^after 2 failed attempts: dial tcp 127.0.0.1:${gone.port}: connect: connection refused$`),
    );
    expect(told.lines).toEqual(['Dial', 'Dial 2/2 failed: retrying']);
  });

  it('waits for a host that accepts and says nothing, however long it takes and whoever interrupts', async () => {
    const interrupted = new AbortController();
    const silent = await startSilentServer(async (socket) => {
      interrupted.abort();
      // Far beyond the limit of a dial.
      await new Promise((done) => setTimeout(done, 200));
      socket.destroy();
    });
    const inputs = {
      connection: connection(silent, { dialErrorLimit: 1, perDialTimeout: 0.02 }),
      create: 'true',
    };
    const failed = provider.create(remoteUrn, inputs, operation({ signal: interrupted.signal }));
    await expect(failed).rejects.toThrow('after 1 failed attempts: ssh: handshake failed: EOF');
    await silent.close();
  });

  it('behind a proxy has one tunnel for all handshakes, so one that breaks is never mended', async () => {
    const jump = await server({ hostKey: jumpKey.private });
    let tunnels = 0;
    const broken = await startSilentServer((socket) => {
      tunnels += 1;
      socket.destroy();
    });
    const proxy = connection(jump, { hostKey: jumpKey.public });
    const inputs = { connection: connection(broken, { proxy, dialErrorLimit: 3 }), create: 'true' };
    await expect(provider.create(remoteUrn, inputs, operation())).rejects.toThrow(
      'proxy: after 3 failed attempts: ssh: handshake failed: EOF',
    );
    expect([tunnels, jump.sessions()]).toEqual([1, 1]);
    await broken.close();
  });

  it("fails with an environment that sshd's AcceptEnv does not name", async () => {
    target = await server();
    const inputs = { connection: connection(target), create: 'echo $LC_WHO', environment: { LC_WHO: 'me' } };
    expect((await created(provider, remoteType, inputs)).values['stdout']).toBe('me');
    const refused = { ...inputs, environment: { FOO: 'me' } };
    await expect(provider.create(remoteUrn, refused, operation())).rejects.toThrow(
      'could not set environment variable "FOO": ssh: setenv failed',
    );
  });

  it('warns that the output of the run before cannot be told, unless it is not to be', async () => {
    target = await server();
    const inputs = { connection: connection(target), create: 'echo "<$PULUMI_COMMAND_STDOUT>"' };
    const { outs, id } = await created(provider, remoteType, inputs);
    const again = async (more: object) => {
      const told = operation();
      const { outs: after } = await provider.update(id, remoteUrn, outs, { ...inputs, ...more }, told);
      return [openSecrets(after).values['stdout'], told.warnings.length];
    };
    expect(await again({})).toEqual(['<>', 1]);
    expect(await again({ addPreviousOutputInEnv: false })).toEqual(['<>', 0]);
  });

  it("has its connection's defaults among its inputs, and no others", async () => {
    const given = { connection: { host: 'h', proxy: { host: 'j' } }, create: 'true' };
    const { inputs } = await provider.check(remoteUrn, {}, given);
    const defaults = { port: 22, user: 'root', dialErrorLimit: 10, perDialTimeout: 15 };
    expect(inputs).toEqual({
      connection: { host: 'h', ...defaults, proxy: { host: 'j', ...defaults } },
      create: 'true',
    });
  });

  it('ends when the user interrupts, while it runs and while it dials', async () => {
    target = await server();
    const interrupted = new AbortController();
    const told = operation({ signal: interrupted.signal });
    const log = told.log;
    const running = provider.create(
      remoteUrn,
      { connection: connection(target), create: 'echo begun; sleep 60' },
      {
        ...told,
        log: (severity, message) => {
          log(severity, message);
          if (message === 'begun') interrupted.abort();
        },
      },
    );
    await expect(running).rejects.toThrow('interrupted');
    const dialling = provider.create(
      remoteUrn,
      { connection: connection(target, { dialErrorLimit: -1 }), create: 'true' },
      operation({ signal: AbortSignal.abort() }),
    );
    await expect(dialling).rejects.toThrow('context canceled');
  });
});

describe('the life of a command', () => {
  const inputs = {
    create: 'echo "made $PULUMI_COMMAND_STDOUT"',
    update: 'echo "changed after $PULUMI_COMMAND_STDOUT"',
  };

  it('updates with the output of the run before', async () => {
    const { outs, id } = await created(provider, localType, inputs);
    const updated = await provider.update(id, urnOf(localType), outs, { ...inputs, stdin: 'x' }, operation());
    expect(updated.outs['stdout']).toBe('changed after made ');
  });

  it('is replaced by a changed trigger and updated by anything else', async () => {
    const before = { ...inputs, triggers: ['a'] };
    const diff = (news: object) => provider.diff('id', urnOf(localType), {}, { ...before, ...news }, before);
    expect(await diff({ triggers: ['b'] })).toMatchObject({ changes: true, replaces: ['triggers'] });
    expect(await diff({ stdin: 'x' })).toMatchObject({ changes: true, replaces: [], diffs: ['stdin'] });
    expect(await diff({})).toMatchObject({ changes: false });
  });

  it('keeps what it prints secret when its input is, and only then', async () => {
    const open = await created(provider, localType, { create: 'cat', stdin: 'seen' });
    expect([...open.secretNames]).toEqual([]);
    const hidden = await created(provider, localType, { create: 'cat', stdin: secret('hidden') });
    expect([...hidden.secretNames].sort()).toEqual(['stderr', 'stdin', 'stdout']);
    expect(hidden.values['stdout']).toBe('hidden');
  });

  it('does nothing in a preview, and says that its output is not known', async () => {
    const { outs } = await provider.create(
      urnOf(localType),
      { create: 'exit 1', stdin: unknownValue },
      operation({ preview: true }),
    );
    expect(openSecrets(outs).values).toMatchObject({
      stdout: unknownValue,
      stderr: unknownValue,
      stdin: unknownValue,
    });
  });

  it('runs its delete with the last output', async () => {
    const state = {
      create: 'true',
      delete: 'test "$PULUMI_COMMAND_STDOUT" = last',
      stdout: 'last',
      stderr: '',
    };
    await provider.delete('id', urnOf(localType), state, operation());
    await expect(
      provider.delete('id', urnOf(localType), { ...state, stdout: 'other' }, operation()),
    ).rejects.toThrow('exit status 1');
  });

  it('shows its lines in order, and none when told so', async () => {
    const shown = operation();
    await provider.create(urnOf(localType), { create: 'printf "a\\nb\\nc"' }, shown);
    expect(shown.lines).toEqual(['a', 'b', 'c']);
    const quiet = operation();
    await provider.create(urnOf(localType), { create: 'echo a', logging: 'none' }, quiet);
    expect(quiet.lines).toEqual([]);
  });

  it('refuses an input that it does not know, and a type that there is not', async () => {
    const check = await provider.check(urnOf(localType), {}, { create: 'true', retries: 3 });
    expect(JSON.stringify(check.failures)).toContain('retries');
    expect(() => provider.check(urnOf('command:remote:CopyFile'), {}, {})).toThrow(
      'the lab has no resource type command:remote:CopyFile; it has command:local:Command, command:remote:Command',
    );
  });
});
