import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from '../../lab/process';

/**
 * Makes mqtt-recorder.pyz, one file that any Python 3.10 runs, and returns its path. On a broker host it takes the
 * place of a listener: `python3 mqtt-recorder.pyz --port 1884` prints one JSON line for each connection.
 */
export async function buildRecorder(outputFolder: string): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), 'mqtt-recorder-'));
  try {
    await cp(join(__dirname, 'mqtt_recorder'), join(work, 'mqtt_recorder'), {
      recursive: true,
      filter: (path) => !path.includes('__pycache__'),
    });
    await mkdir(outputFolder, { recursive: true });
    const output = join(outputFolder, 'mqtt-recorder.pyz');
    await writeFile(join(work, '__main__.py'), entryPoint);
    await run('python3', ['-m', 'zipapp', work, '--output', output]);
    return output;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** zipapp's own entry point would call a function without the arguments. */
const entryPoint = 'import runpy\nrunpy.run_module("mqtt_recorder", run_name="__main__")\n';
