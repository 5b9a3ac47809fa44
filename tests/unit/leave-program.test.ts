import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utils } from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSilentServer, startSshServer, type SshServer } from './lab-sshServer';

const hostKey = utils.generateKeyPairSync('ed25519');
const otherKey = utils.generateKeyPairSync('ed25519');
const loginKey = utils.generateKeyPairSync('ed25519');
const program = readFileSync(join(__dirname, '../../deployer/leave.js'), 'utf8');

/** What the program leaves behind would lie here. */
let temporary: string;
const opened: Pick<SshServer, 'close'>[] = [];

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'leave-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (each) => each.close()));
  rmSync(temporary, { recursive: true });
});

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

/** A host of that instance that answers a line of shell by these commands; each line that it is told is noted. */
async function host(instanceId: string, answers: Readonly<Record<string, string>> = {}) {
  const notes = join(temporary, `told-${opened.length}`);
  writeFileSync(notes, '');
  const cases = Object.entries(answers).map(([line, commands]) => `${line}) ${commands};;`);
  const script = `echo "$0" >>${notes}; case "$0" in "cat "*) echo ${instanceId};; ${cases.join(' ')} esac`;
  const server = await startSshServer({
    hostKey: hostKey.private,
    authorizedKey: () => loginKey.public,
    shell: ['/bin/sh', '-c', script],
  });
  opened.push(server);
  const told = () =>
    readFileSync(notes, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('cat '));
  return { ...server, told };
}

async function frozen() {
  const server = await startSilentServer((socket) => void socket.resume());
  opened.push(server);
  return server;
}

interface Told {
  readonly host: Way;
  readonly others?: readonly Way[];
  readonly leaveSeconds?: number;
}

function environment({ host, others = [], leaveSeconds = 20 }: Told): NodeJS.ProcessEnv {
  const told = {
    host,
    others,
    instanceId: 'i-1',
    leave: { line: 'leave', seconds: leaveSeconds },
    stay: { line: 'stay', seconds: 20 },
    without: { line: 'without', seconds: 3 },
    answerSeconds: 1,
    trySeconds: 1,
  };
  return { ...process.env, TMPDIR: temporary, EMQX_HAPROXY_LEAVING: JSON.stringify(told) };
}

function start(what: 'leave' | 'stay', told: Told) {
  return spawn('node', ['-e', program, what], { env: environment(told) });
}

/** With the keys that it was told, while it runs. */
function folders(): readonly string[] {
  return readdirSync(temporary).filter((name) => name.startsWith('emqx-haproxy-'));
}

async function ended(child: ReturnType<typeof start>) {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, said };
}

const run = async (what: 'leave' | 'stay', told: Told) => ended(start(what, told));

describe('a host that answers', () => {
  it('leaves, and what it says is passed on', async () => {
    const one = await host('i-1', { leave: 'echo drained; echo left' });
    expect(await run('leave', { host: way('emqx-1', one) })).toEqual({ code: 0, said: 'drained\nleft\n' });
    expect(one.told()).toEqual(['leave']);
  });

  it('leaves by its jump host', async () => {
    const [jump, one] = [await host('i-9'), await host('i-1')];
    const target = { ...way('emqx-1', one), jump: way('haproxy-1', jump) };
    expect((await run('leave', { host: target })).code).toBe(0);
    expect(one.told()).toEqual(['leave']);
    expect(jump.sessions()).toBeGreaterThan(0);
  });

  it('and cannot leave keeps its instance', async () => {
    const one = await host('i-1', { leave: 'echo no drain; exit 1' });
    const { code, said } = await run('leave', { host: way('emqx-1', one), others: [] });
    expect({ code, said }).toEqual({ code: 1, said: 'no drain\nemqx-1 has not left: exit code 1\n' });
  });

  it('and does not end its leaving keeps its instance', async () => {
    const one = await host('i-1', { leave: 'exec sleep 30' });
    const { code, said } = await run('leave', { host: way('emqx-1', one), leaveSeconds: 1 });
    expect({ code, said }).toEqual({ code: 1, said: 'emqx-1 has not left within 1 s\n' });
  });

  it('and loses the connection each time keeps its instance', async () => {
    const one = await host('i-1', { leave: 'exit 255' });
    const { code, said } = await run('leave', { host: way('emqx-1', one) });
    expect(code).toBe(1);
    expect(said).toContain('loses the connection each time');
    expect(one.told()).toEqual(['leave', 'leave', 'leave']);
  });

  it('is not told to when another instance has its address by now', async () => {
    const one = await host('i-2');
    expect((await run('leave', { host: way('emqx-1', one) })).code).toBe(0);
    expect(one.told()).toEqual([]);
  });

  it('and stopped without leaving is forgotten by another', async () => {
    const [one, other] = [await host('i-1', { leave: 'exit 4' }), await host('i-2')];
    const { code } = await run('leave', { host: way('emqx-1', one), others: [way('emqx-2', other)] });
    expect(code).toBe(0);
    expect(other.told()).toEqual(['without']);
  });

  it('and stays starts again what it had stopped', async () => {
    const one = await host('i-1', { stay: 'echo healthy' });
    expect(await run('stay', { host: way('emqx-1', one) })).toEqual({ code: 0, said: 'healthy\n' });
  });
});

describe('a host that does not answer', () => {
  it('is gone on without once another says that it does not serve', async () => {
    const other = await host('i-2', { without: 'echo forgotten' });
    const told = { host: way('emqx-1', await frozen()), others: [way('emqx-2', other)] };
    const { code, said } = await run('leave', told);
    expect(code).toBe(0);
    expect(said).toContain('emqx-2: forgotten\n');
    expect(said).toMatch(/emqx-1 has not answered for 1 s \(.+\), and emqx-2 does without it: this goes on/);
  });

  it('and serves keeps its instance', async () => {
    const other = await host('i-2', { without: 'exit 1' });
    const told = { host: way('emqx-1', await frozen()), others: [way('emqx-2', other)] };
    const { code, said } = await run('leave', told);
    expect(code).toBe(1);
    expect(said).toMatch(/emqx-1 has not answered .*, but emqx-2 finds that it serves: mend its SSH/);
  });

  it('is asked after among all the others', async () => {
    const cannotSay = await host('i-2', { without: 'exit 3' });
    const [hangs, says] = [await host('i-3', { without: 'exec sleep 30' }), await host('i-4')];
    const others = [await frozen(), cannotSay, hangs, says].map((each, at) => way(`emqx-${at + 2}`, each));
    const { code, said } = await run('leave', { host: way('emqx-1', await frozen()), others });
    expect(code).toBe(0);
    expect(said).toContain('emqx-5 does without it');
  });

  it('keeps its instance where nobody answers: it may be the way in that is lost', async () => {
    const told = { host: way('emqx-1', await frozen()), others: [way('emqx-2', await frozen())] };
    const { code, said } = await run('leave', told);
    expect(code).toBe(1);
    expect(said).toMatch(/nor does anybody who could say whether it serves \(emqx-2: .+\)/);
  });

  it('is gone on without where it is the only one of its kind', async () => {
    const { code, said } = await run('leave', { host: way('emqx-1', await frozen()) });
    expect(code).toBe(0);
    expect(said).toContain('no other of its kind to ask');
  });

  it('is one that shows another key, as well', async () => {
    const other = await host('i-2', { without: 'exit 1' });
    const impostor = { ...way('emqx-1', await host('i-1')), hostKey: otherKey.public };
    const { code, said } = await run('leave', { host: impostor, others: [way('emqx-2', other)] });
    expect(code).toBe(1);
    expect(said).toMatch(/Host key verification failed/);
  });

  it('is one that dies while it leaves', async () => {
    const [one, other] = [await host('i-1', { leave: 'echo draining; exec sleep 30' }), await host('i-2')];
    const child = start('leave', { host: way('emqx-1', one), others: [way('emqx-2', other)] });
    const outcome = ended(child);
    await new Promise((done) => child.stdout.once('data', done));
    await one.close();
    const { code, said } = await outcome;
    expect(code).toBe(0);
    expect(said).toContain('emqx-2 does without it');
  });
});

describe('the program', () => {
  it('leaves no key behind, and no connection, when whoever asked is gone', async () => {
    const one = await host('i-1', { leave: 'echo draining; exec sleep 30' });
    const child = start('leave', { host: way('emqx-1', one) });
    await new Promise((done) => child.stdout.once('data', done));
    expect(folders()).toHaveLength(1);
    child.kill('SIGTERM');
    expect((await ended(child)).code).toBe(1);
    expect(folders()).toEqual([]);
  });

  it('ends with whoever started it', async () => {
    const one = await host('i-1', { leave: 'echo draining; exec sleep 30' });
    // A shell between: it is killed, and the program is nobody's.
    const shell = spawn('sh', ['-c', 'node -e "$PROGRAM" leave & echo $!; wait'], {
      env: { ...environment({ host: way('emqx-1', one) }), PROGRAM: program },
    });
    const words: string[] = [];
    shell.stdout.setEncoding('utf8').on('data', (text: string) => words.push(...text.trim().split('\n')));
    await expect.poll(() => words).toContain('draining');
    shell.kill('SIGKILL');
    await expect.poll(() => existsSync(`/proc/${words[0] ?? ''}`), { timeout: 5_000 }).toBe(false);
    expect(folders()).toEqual([]);
  });

  it('says what is missing where there is no ssh', async () => {
    const child = spawn(process.execPath, ['-e', program, 'leave'], {
      env: { ...environment({ host: way('emqx-1', { port: 1 }) }), PATH: temporary },
    });
    const { code, said } = await ended(child);
    expect(code).toBe(1);
    expect(said).toContain("Install OpenSSH's client");
  });
});
