import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { labEnvironment } from '../../lab/engine/environment';
import { ensureEngine } from '../../lab/engine/install';
import { product, repositoryRoot } from '../../proving/product';
import type { Step } from '../../preview/pulumiPreview';
import type { ApiLab } from '../../proving/region/apiLab';
import type { Deployment } from './release';

const run = promisify(execFile);
const stack = 'lab';

/** A stack, new or with a state that is given, in a folder of its own, with today's program and the lab's engine and providers. */
export class RestoredStack {
  private constructor(
    private readonly folder: string,
    private readonly engine: string,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  static async open(
    region: ApiLab,
    state: Deployment | undefined,
    stackFile: string,
  ): Promise<RestoredStack> {
    const folder = mkdtempSync(join(tmpdir(), 'restored-stack-'));
    const backend = join(folder, 'state');
    mkdirSync(backend);
    const environment = {
      ...(await labEnvironment(product())),
      AWS_ENDPOINT_URL: `http://127.0.0.1:${region.server.ports.runner}`,
      PULUMI_BACKEND_URL: `file://${backend}`,
    };
    const restored = new RestoredStack(folder, await ensureEngine(), environment);
    copyFileSync(stackFile, restored.stackFile);
    await restored.pulumi('stack', 'init', stack);
    if (state === undefined) return restored;
    writeFileSync(join(folder, 'state.json'), JSON.stringify(state));
    await restored.pulumi('stack', 'import', '--stack', stack, '--file', join(folder, 'state.json'));
    return restored;
  }

  async preview(): Promise<readonly Step[]> {
    const text = await this.pulumi(
      'preview',
      '--json',
      '--show-sames',
      '--stack',
      stack,
      '--config-file',
      this.stackFile,
    );
    // The engine's own format.
    return (JSON.parse(text) as { readonly steps: readonly Step[] }).steps;
  }

  /** Gives what it printed; fails with that. */
  async up(): Promise<string> {
    const named = ['--stack', stack, '--config-file', this.stackFile];
    return this.pulumi('up', '--yes', '--skip-preview', ...named);
  }

  async refresh(): Promise<void> {
    const named = ['--stack', stack, '--config-file', this.stackFile];
    await this.pulumi('refresh', '--yes', '--skip-preview', ...named);
  }

  /** Gives what it printed. */
  async destroy(): Promise<string> {
    const named = ['--stack', stack, '--config-file', this.stackFile];
    return this.pulumi('destroy', '--yes', '--skip-preview', ...named);
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }

  private get stackFile(): string {
    return join(this.folder, 'Pulumi.lab.yaml');
  }

  private async pulumi(...args: readonly string[]): Promise<string> {
    const options = { cwd: repositoryRoot, env: this.environment, maxBuffer: 256 * 1024 * 1024 };
    try {
      return (await run(this.engine, [...args, '--non-interactive'], options)).stdout;
    } catch (error) {
      const printed =
        error instanceof Error && 'stdout' in error && typeof error.stdout === 'string' ? error.stdout : '';
      throw new Error(`pulumi ${args.join(' ')} failed: ${printed}`, { cause: error });
    }
  }
}
