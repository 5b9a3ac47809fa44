import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labEnvironment } from '../../lab/engine/environment';
import { ensureEngine } from '../../lab/engine/install';
import { run } from '../../lab/process';
import { loadProgram } from '../../lab/program';
import { repositoryRoot } from '../product';
import { ApiLab } from './apiLab';

/** The real engine on stacks of its own, before an empty region that answers on loopback and has no machines. */
export class Stacks {
  private constructor(
    readonly region: ApiLab,
    readonly folder: string,
  ) {}

  static async open(): Promise<Stacks> {
    const folder = mkdtempSync(join(tmpdir(), 'stacks-'));
    mkdirSync(join(folder, 'state'));
    // A program that lies here has the SDKs whose versions the lab's providers go by.
    symlinkSync(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
    await run(process.execPath, ['../bundle.js'], { cwd: join(repositoryRoot, 'provider') });
    return new Stacks(await ApiLab.open(), folder);
  }

  async close(): Promise<void> {
    await this.region.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs `pulumi` in the folder of a program. */
  async pulumi(program: string, ...args: string[]): Promise<string> {
    const env = {
      ...(await labEnvironment(loadProgram(program))),
      AWS_ENDPOINT_URL: `http://127.0.0.1:${this.region.server.ports.runner}`,
      PULUMI_BACKEND_URL: `file://${join(this.folder, 'state')}`,
    };
    return run(await ensureEngine(), [...args, '--non-interactive', '--color', 'never'], {
      cwd: program,
      env,
    });
  }
}
