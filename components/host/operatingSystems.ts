/** What hosts run; Ubuntu is experimental. */
export type OperatingSystem = 'debian-12' | 'debian-13' | 'ubuntu-22.04' | 'ubuntu-24.04';
/** The processors of a host's instance type, by Debian's name. */
export type Architecture = 'amd64' | 'arm64';

interface Release {
  /** AWS's public SSM parameter that names the newest image. */
  readonly imageParameter: (architecture: Architecture) => string;
  readonly loginUser: string;
  readonly codename: string;
  readonly distribution: 'debian' | 'ubuntu';
  /** What the distribution's own archive installs: it decides what the templates may use. */
  readonly haproxyVersion: string;
  readonly keepalivedVersion: string;
  /** True where hosts of it were never booted: its files are checked, and no more. */
  readonly experimental?: true;
}

/** Whether hosts of it were never booted. */
export function isExperimental(operatingSystem: OperatingSystem): boolean {
  return operatingSystems[operatingSystem].experimental === true;
}

const debian = (release: number) => (architecture: Architecture) =>
  `/aws/service/debian/release/${release}/latest/${architecture}`;
const ubuntu = (release: string, volume: string) => (architecture: Architecture) =>
  `/aws/service/canonical/ubuntu/server/${release}/stable/current/${architecture}/hvm/${volume}/ami-id`;

/** The four releases that hosts can run, with what differs between them. */
export const operatingSystems: Readonly<Record<OperatingSystem, Release>> = {
  'debian-12': {
    imageParameter: debian(12),
    loginUser: 'admin',
    codename: 'bookworm',
    distribution: 'debian',
    haproxyVersion: '2.6',
    keepalivedVersion: '2.2.7',
  },
  'debian-13': {
    imageParameter: debian(13),
    loginUser: 'admin',
    codename: 'trixie',
    distribution: 'debian',
    haproxyVersion: '3.0',
    keepalivedVersion: '2.3.3',
  },
  'ubuntu-22.04': {
    imageParameter: ubuntu('22.04', 'ebs-gp2'),
    loginUser: 'ubuntu',
    codename: 'jammy',
    distribution: 'ubuntu',
    haproxyVersion: '2.4',
    keepalivedVersion: '2.2.4',
    experimental: true,
  },
  'ubuntu-24.04': {
    imageParameter: ubuntu('24.04', 'ebs-gp3'),
    loginUser: 'ubuntu',
    codename: 'noble',
    distribution: 'ubuntu',
    haproxyVersion: '2.8',
    keepalivedVersion: '2.2.8',
    experimental: true,
  },
};
