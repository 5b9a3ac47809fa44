import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { labHome } from '../../lab/paths';
import { parseOutputs } from '../../verify/outputs';
import { finished, startLab, type Ran } from '../lab';
import { repositoryRoot } from '../product';
import { Ring, type Cost } from './ring';

/** What is changed: keys of the configuration, and keys in objects below them. */
export type Change = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The lab's stack with a stack file of its own, which is changed while clients are on. */
export class ChangingStack {
  private readonly stackFile: string;

  /** Begins with the configuration in a stack file, the committed one if not told otherwise. */
  constructor(from: string = join(repositoryRoot, 'Pulumi.lab.yaml')) {
    const folder = join(labHome, 'changes');
    mkdirSync(folder, { recursive: true });
    this.stackFile = join(folder, 'Pulumi.lab.yaml');
    this.become(from);
  }

  /** Takes over the configuration in another stack file. */
  become(from: string): void {
    writeFileSync(this.stackFile, readFileSync(from, 'utf8'));
  }

  configure(change: Change): void {
    // The file's shape is Pulumi's own.
    const file = parse(readFileSync(this.stackFile, 'utf8')) as { config: Record<string, object> };
    for (const [key, values] of Object.entries(change)) {
      const name = `emqx-haproxy:${key}`;
      file.config[name] = { ...file.config[name], ...values };
    }
    writeFileSync(this.stackFile, stringify(file));
  }

  /** `npm run lab -- ARGS`, to its end. */
  async run(...args: readonly string[]): Promise<Ran> {
    return finished(startLab(args, this.stackFile));
  }

  /** `up` that replaces a host's instance whatever changed, as an operator asks for it. */
  async replace(host: string): Promise<Ran> {
    return this.replaceResource(`-${host}-instance`);
  }

  /** `up` that makes the resource anew whose name ends so. */
  async replaceResource(end: string): Promise<Ran> {
    return this.pulumi('up', '--yes', '--skip-preview', '--replace', await this.urnOf(end));
  }

  /** The plain `pulumi ARGS` on it, to its end. */
  async pulumi(...args: readonly string[]): Promise<Ran> {
    return this.run('pulumi', '--', ...args, '--stack', 'lab', '--non-interactive');
  }

  /** Of the resource whose name ends so. */
  private async urnOf(end: string): Promise<string> {
    const { deployment } = z
      .object({ deployment: z.object({ resources: z.array(z.object({ urn: z.string() })) }) })
      .parse(JSON.parse((await this.pulumi('stack', 'export')).stdout));
    const found = deployment.resources.filter(({ urn }) => urn.endsWith(end));
    const [only] = found;
    if (only === undefined || found.length > 1) throw new Error(`${found.length} resources end with ${end}`);
    return only.urn;
  }

  /** The same, and gives what it printed; throws with all of it when it fails. */
  async lab(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`lab ${args.join(' ')}: exit ${code}\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** Started only, for whoever interrupts it. */
  start(...args: readonly string[]): ReturnType<typeof startLab> {
    return startLab(args, this.stackFile);
  }

  /** The balancer whose claim to the virtual IP EC2 has confirmed; undefined where none says so. */
  async holder(): Promise<string | undefined> {
    for (const host of ['haproxy-1', 'haproxy-2']) {
      const { stdout } = await this.run('exec', host, '--', 'cat', '/run/emqx-haproxy/metrics/vip.prom');
      if (stdout.includes('emqx_haproxy_vip_held 1\n')) return host;
    }
    return undefined;
  }

  async outputs(): Promise<ReturnType<typeof parseOutputs>> {
    return parseOutputs(await this.lab('outputs', '--json'));
  }

  /** Clients of the mqtt listener. */
  async ring(size: number): Promise<Ring> {
    const { endpoints, users } = await this.outputs();
    const url = new URL(endpoints['mqtt'] ?? 'missing:');
    const [user] = users;
    if (user === undefined) throw new Error('the stack names no user that clients could come as');
    return Ring.begin({ host: url.hostname, port: Number(url.port), user }, size);
  }

  /** Applies a change while so many clients are on, and says what it did to them. */
  async measured(size: number, change: Change): Promise<Measured> {
    return this.during(size, async () => {
      this.configure(change);
      return this.run('up');
    });
  }

  /** The same of whatever is done. */
  async during(size: number, act: () => Promise<Ran>): Promise<Measured> {
    const ring = await this.ring(size);
    const begun = performance.now();
    const ran = await act();
    const seconds = Math.round((performance.now() - begun) / 1_000);
    return { ...(await ring.end()), seconds, ran };
  }
}

/** What a change did, and the `up` that made it. */
export interface Measured extends Cost {
  readonly seconds: number;
  readonly ran: Ran;
}
