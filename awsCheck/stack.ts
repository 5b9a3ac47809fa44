import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import type { Configuration } from '../infra/configuration';
import { repositoryRoot } from '../proving/product';
import type { Settings } from './settings';

/** Stacks of this check begin with it, so that a sweep knows them. */
export const stackPrefix = 'aws-check-';

/** What is small, and has one of everything that a change, a failover and `verify` need. */
export function configurationOf({
  operatingSystem,
  from,
}: Settings & { readonly from: string }): Configuration {
  const machine = { operatingSystem } as const;
  return {
    ssh: { allowedCidrs: [from] },
    listeners: { mqtt: { maxConnections: 1_000 }, mqtts: { maxConnections: 1_000 } },
    emqx: {
      ...machine,
      brokers: 2,
      instanceType: 't3.small',
      dataVolumeGib: 1,
      authentication: [{ users: { check: {} } }],
      authorization: { rules: [{ permission: 'allow', topics: ['${username}/#'] }] },
    },
    haproxy: { ...machine, instanceType: 't3.micro' },
    tags: { purpose: 'aws-check' },
  };
}

/** A change that reaches balancers only, and needs no restart. */
export function changed(configuration: Configuration): Configuration {
  return { ...configuration, haproxy: { ...configuration.haproxy, maxKeepaliveSeconds: 600 } };
}

export interface Ran {
  readonly code: number;
  /** Both streams, as they came. */
  readonly printed: string;
}

/** A stack of the program, driven by the plain `pulumi` command of this environment. */
export class Stack {
  readonly #file: string;

  constructor(
    readonly name: string,
    private readonly region: string,
  ) {
    this.#file = join(repositoryRoot, `Pulumi.${name}.yaml`);
  }

  async init(): Promise<void> {
    await this.#must(['stack', 'init', this.name, '--no-select']);
  }

  configure(configuration: Configuration): void {
    const settings = Object.entries(configuration).map(([key, value]) => [`emqx-haproxy:${key}`, value]);
    const config = {
      'aws:region': this.region,
      ...z.record(z.string(), z.unknown()).parse(Object.fromEntries(settings)),
    };
    writeFileSync(this.#file, stringify({ ...this.#written(), config }));
  }

  /** `up` without a preview before it; with `unchanged` one that has something to do fails. */
  async up(signal: AbortSignal, unchanged = false): Promise<Ran> {
    return this.#run(
      ['up', '--yes', '--skip-preview', ...(unchanged ? ['--expect-no-changes'] : [])],
      signal,
    );
  }

  async refresh(signal: AbortSignal): Promise<Ran> {
    return this.#run(['refresh', '--yes', '--skip-preview', '--diff'], signal);
  }

  async destroy(signal: AbortSignal): Promise<Ran> {
    return this.#run(['destroy', '--yes', '--skip-preview'], signal);
  }

  /** Forgets the stack and its file; refused while it has resources. */
  async remove(): Promise<void> {
    await this.#must(['stack', 'rm', '--yes', this.name]);
  }

  /** What `stack init` wrote there: how secrets are encrypted. */
  #written(): Record<string, unknown> {
    try {
      return z.record(z.string(), z.unknown()).parse(parse(readFileSync(this.#file, 'utf8')));
    } catch {
      return {};
    }
  }

  async #run(args: readonly string[], signal: AbortSignal): Promise<Ran> {
    return run('pulumi', [...args, '--stack', this.name, '--non-interactive', '--color', 'never'], signal);
  }

  async #must(args: readonly string[]): Promise<void> {
    const { code, printed } = await run(
      'pulumi',
      [...args, '--non-interactive'],
      new AbortController().signal,
    );
    if (code !== 0) throw new Error(`pulumi ${args.join(' ')}: exit ${code}\n${printed}`);
  }
}

const graceMs = 120_000;

/** Runs a program of the checkout, its output shown as it comes. An abort interrupts it once, and kills it two minutes later. */
export async function run(program: string, args: readonly string[], signal: AbortSignal): Promise<Ran> {
  const child = spawn(program, args, {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      process.stderr.write(text);
    });
  let killer: NodeJS.Timeout | undefined;
  const interrupt = () => {
    child.kill('SIGINT');
    killer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  };
  if (signal.aborted) interrupt();
  else signal.addEventListener('abort', interrupt, { once: true });
  try {
    const code = await new Promise<number>((done, failed) => {
      child.on('error', failed);
      child.on('close', (exitCode) => done(exitCode ?? 1));
    });
    return { code, printed };
  } finally {
    clearTimeout(killer);
    signal.removeEventListener('abort', interrupt);
  }
}
