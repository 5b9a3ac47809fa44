import { createHash } from 'node:crypto';
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprint } from '../../machines/builtFolder';
import { run } from '../../process';
import { licencePublicKey } from './licenceKeys';

export interface EmqxPackageOptions {
  /** The version of EMQX that the package calls itself; 5.8.9 by default. */
  readonly version?: string;
}

/**
 * Makes the Debian package of the stand-in broker and returns its path, emqx_VERSION_all.deb in `outputFolder`, or from
 * 5.9 on emqx-enterprise_VERSION_all.deb. It has EMQX's package name, unit, paths, ports and commands, and runs ejabberd.
 */
export async function buildEmqxPackage(
  outputFolder: string,
  options: EmqxPackageOptions = {},
): Promise<string> {
  const version = options.version ?? '5.8.9';
  const work = await mkdtemp(join(tmpdir(), 'emqx-package-'));
  try {
    const tree = join(work, 'tree');
    await layFiles(tree, version);
    await mkdir(outputFolder, { recursive: true });
    const name = `${packageNameOf(version)}_${version}_all.deb`;
    await run('dpkg-deb', ['--root-owner-group', '-Zgzip', '--build', tree, join(work, name)]);
    // Renamed last, and within one file system, so that nobody ever reads half a package.
    await cp(join(work, name), join(outputFolder, `.${name}`));
    await rename(join(outputFolder, `.${name}`), join(outputFolder, name));
    return join(outputFolder, name);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What the package is made of; its own bytes say more than they should, since each build has its time in it. */
export async function emqxPackageFingerprint(): Promise<string> {
  const found = await readdir(__dirname, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const kept = paths.filter((path) => !/__pycache__|\/tests\//.test(path)).sort();
  const hash = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  return fingerprint(await Promise.all(kept.map(async (path) => [path, await hash(path)])));
}

/** EMQX has two editions up to 5.8, of which the lab has the free one, and from 5.9 on one, under the other name. */
function packageNameOf(version: string): 'emqx' | 'emqx-enterprise' {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 5 || (major === 5 && minor >= 9) ? 'emqx-enterprise' : 'emqx';
}

async function layFiles(tree: string, version: string): Promise<void> {
  const from = (...path: string[]) => join(__dirname, ...path);
  const to = (...path: string[]) => join(tree, ...path);
  for (const folder of ['DEBIAN', 'usr/bin', 'usr/lib/emqx/bin', 'usr/lib/emqx/releases']) {
    await mkdir(to(folder), { recursive: true });
  }
  for (const folder of ['var/lib/emqx', 'var/log/emqx', 'lib/systemd/system']) {
    await mkdir(to(folder), { recursive: true });
  }
  await cp(from('etc'), to('etc/emqx'), { recursive: true });
  await cp(from('erlang'), to('usr/lib/emqx/erlang'), { recursive: true });
  await cp(from('emqx_standin'), to('usr/lib/emqx/emqx_standin'), {
    recursive: true,
    filter: (path) => !path.includes('__pycache__'),
  });
  await cp(from('debian/emqx.service'), to('lib/systemd/system/emqx.service'));
  await writeFile(to('usr/lib/emqx/releases/VERSION'), `${version}\n`);
  if (packageNameOf(version) === 'emqx-enterprise')
    await writeFile(to('usr/lib/emqx/licence-public-key.pem'), licencePublicKey());
  for (const command of ['emqx', 'emqx_ctl', 'emqx_cluster_rescue']) {
    await executable(from('debian', command), to('usr/lib/emqx/bin', command));
  }
  for (const command of ['emqx', 'emqx_ctl'])
    await symlink(`../lib/emqx/bin/${command}`, to('usr/bin', command));
  for (const script of ['preinst', 'postinst', 'prerm', 'postrm']) {
    await executable(from('debian', script), to('DEBIAN', script));
  }
  await writeFile(to('DEBIAN/control'), control(version));
  const configuration = await readdir(from('etc'));
  await writeFile(to('DEBIAN/conffiles'), configuration.map((name) => `/etc/emqx/${name}\n`).join(''));
}

async function executable(from: string, to: string): Promise<void> {
  await cp(from, to);
  await chmod(to, 0o755);
}

function control(version: string): string {
  return [
    `Package: ${packageNameOf(version)}`,
    `Version: ${version}`,
    'Architecture: all',
    'Maintainer: emqx-haproxy <emqx-haproxy@example.org>',
    'Section: net',
    'Priority: optional',
    // As EMQX's own, not adduser, though its script calls it.
    'Depends: ejabberd, python3 (>= 3.10)',
    'Description: stand-in for the EMQX MQTT broker',
    " EMQX's unit, paths, ports and commands on top of ejabberd, for a lab where EMQX's own package is out of reach.",
    '',
  ].join('\n');
}
