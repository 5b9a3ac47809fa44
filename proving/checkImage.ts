import * as lab from '../lab/machines/checkImage';
import { product } from './product';

export type CheckedSystem = lab.CheckedSystem;

/** An operating system whose programs judge what is rendered for `os`, with the versions that it installs. */
export interface System {
  readonly os: 'debian-12' | 'debian-13';
  readonly image: CheckedSystem;
  readonly haproxyVersion: string;
  readonly keepalivedVersion: string;
}

const released: readonly [System, ...System[]] = [
  { os: 'debian-12', image: 'debian-12', haproxyVersion: '2.6', keepalivedVersion: '2.2' },
  { os: 'debian-13', image: 'debian-13', haproxyVersion: '3.0', keepalivedVersion: '2.3' },
];
const next: System = {
  os: 'debian-13',
  image: 'debian-next',
  haproxyVersion: '3.2',
  keepalivedVersion: '2.3',
};

/** Debian's next release, in place of those that hosts run, when vitest.config.mts says so. */
export const systems: typeof released = process.env['DEBIAN'] === 'next' ? [next] : released;

/** An operating system with what a balancer installs on it; the layers of its root. */
export async function ensureCheckImage(os: CheckedSystem): Promise<readonly string[]> {
  return lab.ensureCheckImage(balancerImage(os));
}

/** Runs a program of it, with no network and with nothing left behind. */
export async function runInCheckImage(
  os: CheckedSystem,
  argv: readonly string[],
  options?: lab.CheckOptions,
): ReturnType<typeof lab.runInCheckImage> {
  return lab.runInCheckImage(balancerImage(os), argv, options);
}

function balancerImage(os: CheckedSystem): lab.CheckImage {
  return { os, packages: ['haproxy', 'keepalived'], from: product().packages };
}
