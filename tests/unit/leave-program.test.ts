import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startSilentServer, startSshServer, type SshServer } from './lab-sshServer';

const [hostKey, otherKey, loginKey] = [keyPair(), keyPair(), keyPair()];
const program = readFileSync(join(__dirname, '../../deployer/leave.js'), 'utf8');

/** OpenSSH's own: it does not load every key that ssh2 makes. */
function keyPair(): { readonly private: string; readonly public: string } {
  const folder = mkdtempSync(join(tmpdir(), 'key-'));
  const file = join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
  const pair = { private: readFileSync(file, 'utf8'), public: readFileSync(`${file}.pub`, 'utf8') };
  rmSync(folder, { recursive: true });
  return pair;
}

interface Way {
  readonly hostname: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  readonly hostKey: string;
}

function way(hostname: string, { port }: { readonly port: number }): Way & { jump?: Omit<Way, 'hostname'> } {
  const { private: privateKey } = loginKey;
  return { hostname, address: '127.0.0.1', port, user: 'admin', privateKey, hostKey: hostKey.public };
}

interface Told {
  readonly host: Way;
  readonly others?: readonly Way[];
  readonly leaveSeconds?: number;
  /** Shorter only where no host answers, so that none is taken for silent since this machine is slow. */
  readonly trySeconds?: number;
  readonly withoutSeconds?: number;
}

/** The hosts and the temporary folder of one test; most tests wait, so that they run side by side. */
class Site {
  /** What the program leaves behind would lie here. */
  readonly temporary = mkdtempSync(join(tmpdir(), 'leave-'));
  private readonly opened: Pick<SshServer, 'close'>[] = [];

  async close(): Promise<void> {
    await Promise.all(this.opened.map(async (each) => each.close()));
    rmSync(this.temporary, { recursive: true });
  }

  /** A host of that instance that answers a line of shell by these commands; each line that it is told is noted. */
  async host(instanceId: string, answers: Readonly<Record<string, string>> = {}) {
    const notes = join(this.temporary, `told-${this.opened.length}`);
    writeFileSync(notes, '');
    const cases = Object.entries(answers).map(([line, commands]) => `${line}) ${commands};;`);
    const script = `echo "$0" >>${notes}; case "$0" in "cat "*) echo no such locale >&2; printf %s '${instanceId}';; ${cases.join(' ')} esac`;
    const server = await startSshServer({
      hostKey: hostKey.private,
      authorizedKey: () => loginKey.public,
      shell: ['/bin/sh', '-c', script],
    });
    this.opened.push(server);
    const told = () =>
      readFileSync(notes, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('cat '));
    return { ...server, told };
  }

  /** A host that takes connections and says nothing. */
  async frozen() {
    const server = await startSilentServer((socket) => void socket.resume());
    this.opened.push(server);
    return server;
  }

  environment({ host, others = [], leaveSeconds = 20, trySeconds = 20, withoutSeconds = 20 }: Told) {
    const told = {
      host,
      others,
      instanceId: 'i-1',
      leave: { line: 'leave', seconds: leaveSeconds },
      stay: { line: 'stay', seconds: 20 },
      without: { line: 'without', seconds: withoutSeconds },
      answerSeconds: 1,
      trySeconds,
    };
    return { ...process.env, TMPDIR: this.temporary, EMQX_HAPROXY_LEAVING: JSON.stringify(told) };
  }

  start(what: 'leave' | 'stay', told: Told) {
    return spawn('node', ['-e', program, what], { env: this.environment(told) });
  }

  async run(what: 'leave' | 'stay', told: Told) {
    return ended(this.start(what, told));
  }

  /** With the keys that the program was told, while it runs. */
  folders(): readonly string[] {
    return readdirSync(this.temporary).filter((name) => name.startsWith('emqx-haproxy-'));
  }
}

/** A host whose SSH refuses connections. */
const dead = { port: 1 };

async function ended(child: ReturnType<Site['start']>) {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, said };
}

const it = test.extend('site', async ({ onTestFinished }) => {
  const site = new Site();
  onTestFinished(async () => site.close());
  return Promise.resolve(site);
});

describe.concurrent('a host that answers', () => {
  it('leaves, and what it says is passed on', async ({ site }) => {
    const one = await site.host('i-1', { leave: 'echo drained; echo left' });
    expect(await site.run('leave', { host: way('emqx-1', one) })).toEqual({
      code: 0,
      said: 'drained\nleft\n',
    });
    expect(one.told()).toEqual(['leave']);
  });

  it('leaves by its jump host', async ({ site }) => {
    const [jump, one] = [await site.host('i-9'), await site.host('i-1')];
    const target = { ...way('emqx-1', one), jump: way('haproxy-1', jump) };
    expect((await site.run('leave', { host: target })).code).toBe(0);
    expect(one.told()).toEqual(['leave']);
    expect(jump.sessions()).toBeGreaterThan(0);
  });

  it('and cannot leave keeps its instance', async ({ site }) => {
    const one = await site.host('i-1', { leave: 'echo no drain; exit 1' });
    const { code, said } = await site.run('leave', { host: way('emqx-1', one), others: [] });
    expect({ code, said }).toEqual({ code: 1, said: 'no drain\nemqx-1 has not left: exit code 1\n' });
  });

  it('and does not end its leaving keeps its instance', async ({ site }) => {
    const one = await site.host('i-1', { leave: 'exec sleep 30' });
    const { code, said } = await site.run('leave', { host: way('emqx-1', one), leaveSeconds: 1 });
    expect({ code, said }).toEqual({ code: 1, said: 'emqx-1 has not left within 1 s\n' });
  });

  it('and loses the connection each time keeps its instance', async ({ site }) => {
    const one = await site.host('i-1', { leave: 'exit 255' });
    const { code, said } = await site.run('leave', { host: way('emqx-1', one) });
    expect(code).toBe(1);
    expect(said).toContain('loses the connection each time');
    expect(one.told()).toEqual(['leave', 'leave', 'leave']);
  });

  it('is not told to when another instance has its address by now', async ({ site }) => {
    const one = await site.host('i-2');
    const said = 'emqx-1 is i-2 by now, and i-1 is gone\n';
    expect(await site.run('leave', { host: way('emqx-1', one) })).toEqual({ code: 0, said });
    expect(one.told()).toEqual([]);
  });

  it('and does not say which instance it is, is no other one', async ({ site }) => {
    const [one, other] = [await site.host(''), await site.host('i-2', { without: 'exit 1' })];
    const { code } = await site.run('leave', { host: way('emqx-1', one), others: [way('emqx-2', other)] });
    expect(code).toBe(1);
  });

  it('and stopped without leaving is forgotten by another', async ({ site }) => {
    const [one, other] = [await site.host('i-1', { leave: 'exit 4' }), await site.host('i-2')];
    const { code } = await site.run('leave', { host: way('emqx-1', one), others: [way('emqx-2', other)] });
    expect(code).toBe(0);
    expect(other.told()).toEqual(['without']);
  });

  it('and stays starts again what it had stopped', async ({ site }) => {
    const one = await site.host('i-1', { stay: 'echo healthy' });
    expect(await site.run('stay', { host: way('emqx-1', one) })).toEqual({ code: 0, said: 'healthy\n' });
  });
});

describe.concurrent('a host that does not answer', () => {
  it('is gone on without once another says that it does not serve', async ({ site }) => {
    const other = await site.host('i-2', { without: 'echo forgotten' });
    const told = { host: way('emqx-1', dead), others: [way('emqx-2', other)] };
    const { code, said } = await site.run('leave', told);
    expect(code).toBe(0);
    expect(said).toContain('emqx-2: forgotten\n');
    expect(said).toMatch(/emqx-1 has not answered for 1 s \(.+\), and emqx-2 does without it: this goes on/);
  });

  it('and serves keeps its instance', async ({ site }) => {
    const other = await site.host('i-2', { without: 'exit 1' });
    const told = { host: way('emqx-1', dead), others: [way('emqx-2', other)] };
    const { code, said } = await site.run('leave', told);
    expect(code).toBe(1);
    expect(said).toMatch(/emqx-1 has not answered .*, but emqx-2 finds that it serves: mend its SSH/);
  });

  it('is asked after among all the others', async ({ site }) => {
    const cannotSay = await site.host('i-2', { without: 'exit 3' });
    const [hangs, says] = [await site.host('i-3', { without: 'exec sleep 30' }), await site.host('i-4')];
    const others = [dead, cannotSay, hangs, says].map((each, at) => way(`emqx-${at + 2}`, each));
    const told = { host: way('emqx-1', dead), others, withoutSeconds: 5 };
    const { code, said } = await site.run('leave', told);
    expect(code).toBe(0);
    expect(said).toContain('emqx-5 does without it');
  });

  it('keeps its instance where nobody answers: it may be the way in that is lost', async ({ site }) => {
    const [one, other] = [await site.frozen(), await site.frozen()];
    const told = { host: way('emqx-1', one), others: [way('emqx-2', other)], trySeconds: 1 };
    const { code, said } = await site.run('leave', told);
    expect(code).toBe(1);
    expect(said).toMatch(/nor does anybody who could say whether it serves \(emqx-2: .+\)/);
  });

  it('is gone on without where it is the only one of its kind', async ({ site }) => {
    const one = await site.frozen();
    const { code, said } = await site.run('leave', { host: way('emqx-1', one), trySeconds: 1 });
    expect(code).toBe(0);
    expect(said).toContain('no other of its kind to ask');
  });

  it('is one that shows another key, as well', async ({ site }) => {
    const other = await site.host('i-2', { without: 'exit 1' });
    const impostor = { ...way('emqx-1', await site.host('i-1')), hostKey: otherKey.public };
    const { code, said } = await site.run('leave', { host: impostor, others: [way('emqx-2', other)] });
    expect(code).toBe(1);
    expect(said).toMatch(/Host key verification failed/);
  });

  it('is one that dies while it leaves', async ({ site }) => {
    const [one, other] = [
      await site.host('i-1', { leave: 'echo draining; exec sleep 30' }),
      await site.host('i-2'),
    ];
    const child = site.start('leave', { host: way('emqx-1', one), others: [way('emqx-2', other)] });
    const outcome = ended(child);
    await new Promise((done) => child.stdout.once('data', done));
    await one.close();
    const { code, said } = await outcome;
    expect(code).toBe(0);
    expect(said).toContain('emqx-2 does without it');
  });
});

describe.concurrent('the program', () => {
  it('leaves no key behind, and no connection, when whoever asked is gone', async ({ site }) => {
    const one = await site.host('i-1', { leave: 'echo draining; exec sleep 30' });
    const child = site.start('leave', { host: way('emqx-1', one) });
    await new Promise((done) => child.stdout.once('data', done));
    expect(site.folders()).toHaveLength(1);
    child.kill('SIGTERM');
    expect((await ended(child)).code).toBe(1);
    expect(site.folders()).toEqual([]);
  });

  it('ends with whoever started it', async ({ site, expect }) => {
    const one = await site.host('i-1', { leave: 'echo draining; exec sleep 30' });
    // A shell between: it is killed, and the program is nobody's.
    const shell = spawn('sh', ['-c', 'node -e "$PROGRAM" leave & echo $!; wait'], {
      env: { ...site.environment({ host: way('emqx-1', one) }), PROGRAM: program },
    });
    const words: string[] = [];
    shell.stdout.setEncoding('utf8').on('data', (text: string) => words.push(...text.trim().split('\n')));
    await expect.poll(() => words, { timeout: 20_000 }).toContain('draining');
    shell.kill('SIGKILL');
    await expect.poll(() => existsSync(`/proc/${words[0] ?? ''}`), { timeout: 20_000 }).toBe(false);
    expect(site.folders()).toEqual([]);
  });

  it('says what is missing where there is no ssh', async ({ site }) => {
    const child = spawn(process.execPath, ['-e', program, 'leave'], {
      env: { ...site.environment({ host: way('emqx-1', { port: 1 }) }), PATH: site.temporary },
    });
    const { code, said } = await ended(child);
    expect(code).toBe(1);
    expect(said).toContain("Install OpenSSH's client");
  });
});
