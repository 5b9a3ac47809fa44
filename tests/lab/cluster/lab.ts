import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { labHome } from '../../../lab/paths';
import { finished, lab as runLab, startLab as start, type Ran } from '../../../proving/lab';
import { repositoryRoot } from '../../../proving/product';

export { finished };

/** The lab as a user drives it: its command line, with a copy of the stack's configuration that tests may change. */
const folder = join(labHome, 'test');
const stackFile = join(folder, 'Pulumi.lab.yaml');
const committed = join(repositoryRoot, 'Pulumi.lab.yaml');

interface StackFile {
  config: Record<string, unknown>;
}

/** Begins with the committed configuration. */
export function resetConfiguration(): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(stackFile, readFileSync(committed, 'utf8'));
}

/** Changes keys of the configuration, and keys in objects; `undefined` removes one. Gives a function that puts them back. */
export function configure(changes: Readonly<Record<string, unknown>>): () => void {
  const before = readFileSync(stackFile, 'utf8');
  // The file's shape is Pulumi's own.
  const file = parse(before) as StackFile;
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) Reflect.deleteProperty(file.config, `emqx-haproxy:${key}`);
    else file.config[`emqx-haproxy:${key}`] = over(file.config[`emqx-haproxy:${key}`], value);
  }
  writeFileSync(stackFile, stringify(file));
  return () => writeFileSync(stackFile, before);
}

/** An object keeps what is not changed of it: the user that clients come as is part of `emqx`. */
function over(before: unknown, value: unknown): unknown {
  const bothObjects = [before, value].every((each) => typeof each === 'object' && !Array.isArray(each));
  return bothObjects ? Object.assign({}, before, value) : value;
}

/** Starts `npm run lab -- ARGS` on it, for tests that interrupt it. */
export function startLab(...args: string[]): ChildProcess {
  return start(args, stackFile);
}

/** Runs `npm run lab -- ARGS` on it to its end. */
export async function lab(...args: string[]): Promise<Ran> {
  return finished(startLab(...args));
}

/** The same, and throws with everything printed when it fails. */
export async function labOk(...args: string[]): Promise<string> {
  return runLab(args, stackFile);
}

/** Stack outputs that the tests use. */
export interface Outputs {
  readonly endpoint: string;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly users: readonly { readonly username: string; readonly password: string }[];
  readonly caCertificate: string;
  readonly statsPassword: string;
  readonly brokers: readonly {
    readonly name: string;
    readonly instanceId: string;
    readonly privateIp: string;
  }[];
  readonly balancers: readonly { readonly name: string; readonly instanceId: string }[];
}

export async function outputs(): Promise<Outputs> {
  // What `outputs --json` promises; `verify` checks its shape in full.
  return JSON.parse(await labOk('outputs', '--json')) as Outputs;
}

export async function onHost(host: string, ...command: string[]): Promise<string> {
  return labOk('exec', host, '--', ...command);
}

/** The balancer whose claim to the VIP EC2 has confirmed. */
export async function activeBalancer(): Promise<string> {
  const { balancers } = await outputs();
  for (const { name } of balancers) {
    const { code, stdout } = await lab('exec', name, '--', 'cat', '/run/emqx-haproxy/metrics/vip.prom');
    if (code === 0 && stdout.includes('emqx_haproxy_vip_held 1\n')) return name;
  }
  throw new Error('no balancer says that it is active');
}

/** Instance ids by name: they tell whether a host was replaced. */
export async function instanceIds(): Promise<Readonly<Record<string, string>>> {
  const { brokers, balancers } = await outputs();
  return Object.fromEntries([...balancers, ...brokers].map(({ name, instanceId }) => [name, instanceId]));
}
