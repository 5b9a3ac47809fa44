import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { paths } from '../../lab/paths';
import { repositoryRoot } from '../../proving/product';

/** What an `up` of today brings to a host that a former release has made. */
export interface HostUpgrade {
  readonly former: string;
  readonly today: string;
  /** What runs on the host, with today's set on its standard input. */
  readonly command: string;
}

/** Lays such a host out and runs host/apply/tests/release_upgrade.py on it; what that says against it, or nothing. */
export async function tryOnHost({ former, today, command }: HostUpgrade): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'running-host-'));
  try {
    writeFileSync(join(folder, 'former.set'), former);
    writeFileSync(join(folder, 'today.set'), today);
    writeFileSync(join(folder, 'command'), command);
    // In a network of its own, since its agent's port may be this machine's.
    const script = 'ip link set lo up && exec "$0" -m pytest host/apply/tests/release_upgrade.py 2>&1';
    const tests = spawn('unshare', ['--net', 'sh', '-c', script, join(paths.venv, 'bin', 'python')], {
      cwd: repositoryRoot,
      env: { ...process.env, SETS: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = await Promise.all([text(tests.stdout), once(tests, 'close')]);
    return tests.exitCode === 0 ? '' : said;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
