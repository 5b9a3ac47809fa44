import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sweep } from '../../../lab/commands/sweep';
import { finished, lab, startLab } from '../../../proving/lab';
import { product, repositoryRoot } from '../../../proving/product';

const folder = join('lab', 'examples', 'web-server');
const onExample = (...args: string[]) => lab(['--program', folder, ...args]);
const stackFile = () => readFileSync(join(repositoryRoot, folder, 'Pulumi.lab.yaml'), 'utf8');
const stackFileBefore = stackFile();

beforeAll(async () => {
  await lab(['down']);
});

afterAll(async () => {
  await lab(['down']);
});

/** The lab's own example, which has nothing of the product. */
describe('another program than the product', () => {
  it('comes up and is proved by its own command, with one verb', async () => {
    expect(await onExample('start')).toMatch(/http:\S+ serves: <p>/);
  });

  it('serves on its Elastic IP what its user data laid down', async () => {
    const outputs = z.object({ url: z.url() }).parse(JSON.parse(await onExample('outputs', '--json')));
    expect(outputs.url).toMatch(/^http:\/\/198\.51\.100\.\d+\/$/);
    const page = await fetch(outputs.url, { signal: AbortSignal.timeout(5_000) });
    expect(await page.text()).toContain('an instance that cloud-init set up');
  });

  it('is entered by the name of its instance', async () => {
    expect(await lab(['exec', 'web', '--', 'systemctl', 'is-active', 'page'])).toBe('active\n');
  });

  it('has the lab for itself until that is down', async () => {
    for (const verb of ['up', 'outputs']) {
      const { code, stderr } = await finished(startLab([verb]));
      expect(code).toBe(1);
      expect(stderr).toContain(`the lab is up for the program in ${join(repositoryRoot, folder)}`);
    }
  });

  it('leaves nothing in EC2 when it is destroyed, and its folder as it was', async () => {
    await onExample('pulumi', '--', 'destroy', '--yes', '--skip-preview', '--stack', 'lab');
    const nothingIsKnown = {};
    expect(await sweep(nothingIsKnown, product().region)).toEqual([]);
    expect(stackFile()).toBe(stackFileBefore);
  });
});
