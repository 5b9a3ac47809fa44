import { join } from 'node:path';
import { refuseHostNetworks, type HostDevice } from '../fabric/hostNetworks';
import { logFolder } from '../paths';
import { CommandFailed, run } from '../process';
import { step } from '../progress';

/** What the lab runs on this machine, by Debian package. */
export const neededPackages = [
  'apt-utils',
  'conntrack',
  'debootstrap',
  'dpkg-dev',
  'e2fsprogs',
  'gnupg',
  'iproute2',
  'nftables',
  'openssh-client',
  'procps',
  'python3-venv',
  'systemd-container',
];

const log = 'packages';

/**
 * Refuses a machine that the lab cannot run on, and installs the Debian packages that it lacks: its own, and `more`
 * for a caller that needs others.
 */
export async function preflight(more: readonly string[] = []): Promise<void> {
  requireRoot();
  await installPackages([...neededPackages, ...more]);
  refuseHostNetworks(JSON.parse(await run('ip', ['-4', '-json', 'address'])) as readonly HostDevice[]);
}

/** The lab makes network namespaces, mounts and machines; only root on Linux may. */
export function requireRoot(platform: string = process.platform, userId = process.getuid?.()): void {
  if (platform !== 'linux')
    throw new Error(`the lab needs Linux, and this is ${platform}: run it on a Linux machine or in a VM`);
  if (userId !== 0) {
    throw new Error('the lab needs root, for network namespaces and machines: run it with sudo');
  }
}

/** Installs those of the Debian packages that this machine lacks. */
export async function installPackages(needed: readonly string[]): Promise<void> {
  const missing = await missingPackages(needed);
  if (missing.length > 0) await step(`installing ${missing.join(' ')}`, () => install(missing));
}

/** Those of the Debian packages that this machine lacks. */
export async function missingPackages(needed: readonly string[]): Promise<string[]> {
  const format = '${Package} ${db:Status-Status}\n';
  const known = await run('dpkg-query', ['--show', `--showformat=${format}`]).catch((error: unknown) => {
    if (!(error instanceof CommandFailed)) throw error;
    throw new Error(
      `the lab needs Debian or Ubuntu, and this machine has no dpkg. It uses ${needed.join(', ')}.`,
    );
  });
  const installed = new Set(
    known.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  );
  return needed.filter((name) => !installed.has(name));
}

async function install(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const command = ['install', '--yes', '--no-install-recommends', ...packages];
  try {
    // The lists may be too old for the versions that the mirror still has; a mirror out of reach shows below.
    await run('apt-get', ['update'], { env, log }).catch(() => undefined);
    await run('apt-get', command, { env, log });
  } catch (error) {
    const reason =
      error instanceof CommandFailed ? error.output.trimEnd().split('\n').slice(-3).join('\n') : '';
    throw new Error(
      `could not install ${packages.join(' ')}; log: ${join(logFolder, `${log}.log`)}\n${reason}\n` +
        `Install them yourself (apt-get ${command.join(' ')}) and run the command again.`,
    );
  }
}
