import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureCa } from '../api/pki';
import type { OperatingSystem } from '../model';
import { paths } from '../paths';
import { CommandFailed, run } from '../process';
import { step } from '../progress';
import { ensureBuilt, fingerprint, removeFormer } from './builtFolder';
import { runInChroot, type Root } from './chroot';
import { imageRecipe, type ImageRecipe } from './imageRecipe';
import { hostMirror, type Mirror } from './mirror';

/**
 * The root file system that machines of an operating system boot from, read-only to them; built when missing or when
 * its recipe has changed. Named by its recipe, so that a new one does not take the ground from under those that run.
 */
export async function ensureImage(os: OperatingSystem): Promise<string> {
  const recipe = imageRecipe(os, (await ensureCa()).certificatePem);
  const key = fingerprint(recipe);
  const built = join(paths.images, `${os}-${key}`);
  await ensureBuilt(built, key, async (folder) => {
    await mkdir(join(folder, 'root'));
    await step(`lab image of ${os}`, () => buildImage(recipe, join(folder, 'root')));
    const mounted = await readFile('/proc/self/mountinfo', 'utf8');
    await removeFormer(paths.images, `${os}-`, (former) => mounted.includes(former));
  });
  return join(built, 'root');
}

async function buildImage(recipe: ImageRecipe, folder: string): Promise<void> {
  const mirror = hostMirror();
  await debootstrap(recipe.suite, folder, mirror);
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

/** Debian's smallest system; `script` names the release whose ways it is to follow, when not the suite's own. */
export async function debootstrap(
  suite: string,
  folder: string,
  mirror: Mirror,
  script: string = suite,
): Promise<void> {
  const keyring = mirror.keyring === undefined ? [] : [`--keyring=${mirror.keyring}`];
  const argv = ['debootstrap', '--variant=minbase', ...keyring, suite, folder, mirror.url, script];
  // In namespaces of its own, or an interrupted one leaves its mounts of /proc and /sys in the folder.
  await run('unshare', ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', ...argv], {
    log: 'images',
  });
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
