import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { OperatingSystem } from '../model';
import { paths } from '../paths';
import { CommandFailed, run } from '../process';
import { step } from '../progress';
import { runInChroot, type Root } from './chroot';
import { imageRecipe, type ImageRecipe } from './imageRecipe';
import { hostMirror } from './mirror';

/** The root file system that machines of an operating system boot from, read-only to them; built when missing. */
export async function ensureImage(os: OperatingSystem): Promise<string> {
  const recipe = imageRecipe(os, await authority());
  return ensureBuilt(`${os}-${fingerprint(recipe)}`, `lab image of ${os} (debootstrap)`, (folder) =>
    buildImage(recipe, folder),
  );
}

/** A short name for a value: two that differ in anything have different ones. */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}

/** A folder of paths.images that is there whole or not at all; `build` fills a temporary one, renamed at the end. */
export async function ensureBuilt(
  name: string,
  what: string,
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const built = join(paths.images, name);
  if (existsSync(built)) return built;
  await mkdir(paths.images, { recursive: true });
  await removeInterrupted();
  const temporary = join(paths.images, `.${name}.${process.pid}`);
  await mkdir(temporary);
  try {
    await step(what, () => build(temporary));
    // Another process may have built the same meanwhile: then its folder stands, and ours goes.
    if (!existsSync(built)) await rename(temporary, built);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return built;
}

async function removeInterrupted(): Promise<void> {
  for (const name of await readdir(paths.images)) {
    const builder = /^\..*\.(\d+)$/.exec(name)?.[1];
    if (builder === undefined || existsSync(`/proc/${builder}`)) continue;
    await rm(join(paths.images, name), { recursive: true, force: true });
  }
}

async function buildImage(recipe: ImageRecipe, folder: string): Promise<void> {
  const mirror = hostMirror();
  const keyring = mirror.keyring === undefined ? [] : [`--keyring=${mirror.keyring}`];
  const log = 'images';
  await run('debootstrap', ['--variant=minbase', ...keyring, recipe.suite, folder, mirror.url], { log });
  const root: Root = { folder };
  await writeFiles(folder, recipe.files);
  // Debootstrap resolves no virtual packages, so all but the smallest system is apt's work.
  await writeFile(join(folder, 'etc/apt/sources.list'), `deb ${mirror.url} ${recipe.suite} main\n`);
  await inImage(root, ['apt-get', 'update']);
  await inImage(root, ['apt-get', 'install', '--yes', '--no-install-recommends', ...recipe.packages]);
  await inImage(root, ['update-ca-certificates']);
  await inImage(root, ['systemctl', 'mask', ...recipe.maskedUnits]);
  for (const path of recipe.removed) await rm(join(folder, path), { recursive: true, force: true });
  await mkdir(join(folder, 'var/log'), { mode: 0o755 });
  await mkdir(join(folder, 'etc/apt/sources.list.d'), { mode: 0o755 });
  // Empty and not missing: systemd then makes one at boot and does not think the boot the first ever.
  await writeFile(join(folder, 'etc/machine-id'), '');
  await symlink('/etc/machine-id', join(folder, 'var/lib/dbus/machine-id'));
  await writeFiles(folder, recipe.files);
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** Runs a program in an image that is being made, with the host's network. */
export async function inImage(
  root: Root,
  argv: readonly string[],
  folders: Readonly<Record<string, string>> = {},
) {
  const result = await runInChroot(argv, { root, network: 'host', folders });
  if (result.exitCode !== 0) {
    throw new CommandFailed(
      `${argv.join(' ')} (in an image)`,
      result.exitCode,
      result.stdout + result.stderr,
      undefined,
    );
  }
  return result.stdout;
}

/** The certificate of the lab's CA, which the lab's AWS is trusted by. */
async function authority(): Promise<string> {
  return readFile(join(paths.pki, 'ca.pem'), 'utf8').catch(() => '');
}
