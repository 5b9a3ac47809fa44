import type { CheckedSystem } from '../lab/machines/checkImage';

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
