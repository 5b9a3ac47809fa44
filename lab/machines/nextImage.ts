import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { paths } from '../paths';
import { step } from '../progress';
import { ensureBuilt, fingerprint } from './builtFolder';
import { debootstrap, inImage } from './image';
import { hostMirror } from './mirror';

const suite = 'forky';

/**
 * Debian's next release with some packages, for finding out early what its programs make of our files. It is still
 * changing, so it is built anew each month.
 */
export async function ensureNextImage(packages: readonly string[]): Promise<string> {
  const built = join(paths.images, `debian-next-check-${fingerprint(packages)}`);
  const month = new Date().toISOString().slice(0, 7);
  await ensureBuilt(built, fingerprint([suite, packages, month]), async (folder) => {
    const root = join(folder, 'root');
    await mkdir(root);
    await step(`check image of Debian ${suite}`, async () => {
      // The oldest debootstrap that knows the host's own release need not know the next; all of them know sid.
      await debootstrap(suite, root, hostMirror(), 'sid');
      // A mirror that lags behind a suite that changes daily is still the one to ask.
      await inImage({ folder: root }, ['apt-get', '-o', 'Acquire::Check-Valid-Until=false', 'update']);
      await inImage({ folder: root }, [
        'apt-get',
        'install',
        '--yes',
        '--no-install-recommends',
        ...packages,
      ]);
    });
  });
  return join(built, 'root');
}
