import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { refuseHostNetworks, type HostDevice } from '../fabric/hostNetworks';
import { findEngine } from '../engine/install';
import { labHome } from '../paths';
import { run } from '../process';
import { refuseArguments, type Command } from './command';
import { missingPackages, neededPackages, requireRoot } from './preflight';

/** What one look at this machine found. */
export interface Finding {
  readonly what: string;
  /** `later`: the lab sees to it by itself. */
  readonly state: 'ok' | 'later' | 'lacking';
  readonly told: string;
}

/** One thing that the lab needs; throws, with how to mend it, where this machine lacks it. */
interface Need {
  readonly what: string;
  readonly look: () => string | Promise<string>;
}

const gib = 2 ** 30;
/** Measured: 1.7 GiB of images and engine, 2.4 of the disks of five hosts, 3.3 of Go's caches. */
const diskGib = 8;

/** What this machine lacks is seen to by `up`, as far as it can be. */
const needs: readonly Need[] = [
  { what: 'Node', look: () => nodeFits(process.versions.node) },
  {
    what: 'Linux and root',
    look: () => {
      requireRoot();
      return 'yes';
    },
  },
  { what: 'loop devices', look: () => loopDevicesFit(existsSync('/dev/loop-control')) },
  { what: 'disk', look: () => enough(`disk for ${labHome}`, freeDisk(labHome) / gib, diskGib) },
  {
    what: 'networks',
    look: async () => {
      refuseHostNetworks(JSON.parse(await run('ip', ['-4', '-json', 'address'])) as readonly HostDevice[]);
      return 'the lab’s ranges are free';
    },
  },
  { what: 'engine', look: findEngine },
];

export const doctor: Command = {
  arguments: '',
  summary: 'tell what this machine lacks, before anything is made',
  run: async (args) => {
    refuseArguments(args);
    const findings = [...(await Promise.all(needs.map(finding))), await packagesFinding()];
    process.stdout.write(formatFindings(findings));
    return findings.some(({ state }) => state === 'lacking') ? 1 : 0;
  },
};

async function finding({ what, look }: Need): Promise<Finding> {
  try {
    return { what, state: 'ok', told: await look() };
  } catch (error) {
    return { what, state: 'lacking', told: error instanceof Error ? error.message : String(error) };
  }
}

/** Packages that are missing are installed by `up`, so they keep nobody from it. */
async function packagesFinding(): Promise<Finding> {
  const what = 'Debian packages';
  try {
    const missing = await missingPackages(neededPackages);
    if (missing.length === 0) return { what, state: 'ok', told: 'all installed' };
    return { what, state: 'later', told: `\`up\` will install ${missing.join(', ')}` };
  } catch (error) {
    return { what, state: 'lacking', told: error instanceof Error ? error.message : String(error) };
  }
}

export function nodeFits(version: string): string {
  if (Number(version.split('.')[0]) >= 20) return version;
  throw new Error(`this is Node ${version}; 20 or newer is needed: https://nodejs.org`);
}

export function enough(what: string, given: number, needed: number): string {
  if (given >= needed) return `${Math.floor(given)} GiB`;
  throw new Error(`${given.toFixed(1)} GiB of ${what}; ${needed} GiB are needed`);
}

function loopDevicesFit(there: boolean): string {
  if (there) return 'yes';
  throw new Error(
    'no /dev/loop-control: load the kernel’s module `loop`; a container needs to be privileged',
  );
}

function freeDisk(folder: string): number {
  if (!existsSync(folder)) return freeDisk(dirname(folder));
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

export function formatFindings(findings: readonly Finding[]): string {
  const marks = { ok: 'ok  ', later: 'then', lacking: 'NO  ' };
  const lines = findings.map(
    ({ what, state, told }) => `${marks[state]}  ${what.padEnd(16)} ${told.replaceAll('\n', '\n      ')}`,
  );
  const lacking = findings.filter(({ state }) => state === 'lacking').length;
  const verdict =
    lacking === 0
      ? 'This machine can run the lab: npm start'
      : `${lacking} of ${findings.length} are lacking; nothing was changed.`;
  return [
    ...lines,
    '',
    verdict,
    'What an AWS account lacks (quotas, instance types, zones) is told by `pulumi preview`, before anything is made.',
    '',
  ].join('\n');
}
