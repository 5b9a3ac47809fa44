import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paths } from '../paths';
import { run } from '../process';

const owner = 'Local EC2 packages';

/** Signs as apt wants an InRelease file signed, with the lab's own key. */
export async function clearSign(text: string): Promise<string> {
  return withKey((gpg) => gpg(['--clearsign', '--digest-algo', 'SHA256'], text));
}

/** The key that hosts are given to trust. */
export async function armouredPublicKey(): Promise<string> {
  return withKey((gpg) => gpg(['--armor', '--export'], ''));
}

type Gpg = (args: readonly string[], input: string) => Promise<string>;

/**
 * Runs GnuPG in a short-lived home: its agent's socket has a path of limited length, and the agent would stay.
 * The key itself lies beside the lab's other keys.
 */
async function withKey<T>(work: (gpg: Gpg) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'lab-gpg-'));
  const gpg: Gpg = (args, input) =>
    run('gpg', ['--homedir', home, '--batch', '--quiet', '--no-tty', ...args], { input });
  try {
    const key = join(paths.pki, 'packages-signing-key.asc');
    if (!existsSync(key)) await makeKey(gpg, key);
    await gpg(['--import'], await readFile(key, 'utf8'));
    return await work(gpg);
  } finally {
    await run('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
    await rm(home, { recursive: true, force: true });
  }
}

async function makeKey(gpg: Gpg, file: string): Promise<void> {
  await gpg(['--passphrase', '', '--quick-generate-key', owner, 'rsa3072', 'sign', 'never'], '');
  const key = await gpg(['--armor', '--export-secret-keys'], '');
  await mkdir(paths.pki, { recursive: true });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, key, { mode: 0o600 });
  await rename(temporary, file);
}
