import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

/** A resource as Pulumi's state has it; only what is read here. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** What `pulumi stack export` prints. */
export interface Deployment {
  readonly version: number;
  readonly deployment: { readonly resources: readonly StateResource[] } & Readonly<Record<string, unknown>>;
}

const folder = join(__dirname, 'releases');

/** The releases whose state is kept, oldest first. */
export function recordedReleases(): readonly string[] {
  return readdirSync(folder).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** The stack file that the release ran with, with what the changelog says has to be added since. */
export function stackFileOf(release: string): string {
  return join(folder, release, 'Pulumi.lab.yaml');
}

export function readState(release: string): Deployment {
  // Written by writeState alone.
  return JSON.parse(brotliDecompressSync(readFileSync(statePath(release))).toString()) as Deployment;
}

/** A state holds each program of a host some ten times: brotli's window takes in all of it, gzip's does not. */
export function writeState(release: string, state: Deployment): void {
  const text = JSON.stringify(state);
  const params = {
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
  };
  writeFileSync(statePath(release), brotliCompressSync(text, { params }));
}

function statePath(release: string): string {
  return join(folder, release, 'state.json.br');
}
