import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labHome } from '../../../lab/paths';
import { run } from '../../../lab/process';
import { lab } from '../../../proving/lab';
import { repositoryRoot } from '../../../proving/product';

/** An example on booted machines, with settings outside the checkout. */
export class ExampleLab {
  private readonly stackFile = join(labHome, 'test', 'Pulumi.example.yaml');
  /** The engine writes one beside a program that has none. */
  private readonly leaves: string | undefined;

  private constructor(
    /** Where its Pulumi.yaml is, from the checkout's root. */
    private readonly folder: string,
    private readonly project: string,
  ) {
    const own = join(repositoryRoot, folder, 'Pulumi.lab.yaml');
    this.leaves = existsSync(own) ? undefined : own;
  }

  /** Its region is empty, and its stack there with these settings. */
  static async open(
    folder: string,
    project: string,
    settings: Readonly<Record<string, string>>,
  ): Promise<ExampleLab> {
    await lab(['down']);
    await run(process.execPath, ['../bundle.js'], { cwd: join(repositoryRoot, 'provider') });
    const opened = new ExampleLab(folder, project);
    mkdirSync(join(labHome, 'test'), { recursive: true });
    rmSync(opened.stackFile, { force: true });
    opened.configure({ sshCidr: '203.0.113.1/32', ...settings });
    return opened;
  }

  configure(settings: Readonly<Record<string, string>>): void {
    const lines = Object.entries(settings).map(
      ([key, value]) => `  ${this.project}:${key}: ${JSON.stringify(value)}\n`,
    );
    // What the state is encrypted with, once there is one.
    const before = existsSync(this.stackFile) ? readFileSync(this.stackFile, 'utf8') : '';
    const salt = /^encryptionsalt: .*\n/m.exec(before)?.[0] ?? '';
    writeFileSync(this.stackFile, `${salt}config:\n  aws:region: eu-central-1\n${lines.join('')}`);
  }

  async run(...args: string[]): Promise<string> {
    return lab(['--program', this.folder, ...args], this.stackFile);
  }

  /** Brings it up, or changes it, and gives its outputs. */
  async up<Outputs>(shape: { parse(value: unknown): Outputs }): Promise<Outputs> {
    await this.run('up');
    return shape.parse(JSON.parse(await this.run('outputs', '--json')));
  }

  /** A second `up` would do nothing. */
  async isSettled(): Promise<void> {
    await this.run('pulumi', '--', 'preview', '--expect-no-changes', '--stack', 'lab', '--non-interactive');
  }

  async close(): Promise<void> {
    await lab(['down']);
    if (this.leaves !== undefined) rmSync(this.leaves, { force: true });
  }
}
