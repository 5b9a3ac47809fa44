import type { Problems } from '../rendering/problems';
import type { HostFile } from './fileSet';
import { settingsFile } from './settings';
import type { HostUserData } from './userData';

/** A Debian package of a role, and what a running host does to have it in another version. */
export interface HostPackage {
  readonly name: string;
  /** As the repository names it; absent: whichever is installed stays. */
  readonly version?: string;
  /** Its service, restarted once the package has changed. */
  readonly unit: string;
  /** Whether the service must not run while its files change. */
  readonly stopped: boolean;
  /** A command that is given the former and the new version, and fails where the one may not follow the other. */
  readonly guard: readonly string[];
}

/** What a role's hosts have installed, and from where beside the distribution's own archive. */
export interface HostSoftware {
  readonly packages: readonly HostPackage[];
  readonly repositories: HostUserData['aptRepositories'];
}

/** The same as a new host is told of it. */
export function bootSoftware({
  packages,
  repositories,
}: HostSoftware): Pick<HostUserData, 'packages' | 'aptRepositories'> {
  return {
    packages: packages.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`)),
    aptRepositories: repositories,
  };
}

/** The same as a running host is told of it: a changed version is a changed file, and comes to hosts as that does. */
export function packagesFile({ packages, repositories }: HostSoftware): HostFile {
  return settingsFile(
    'packages',
    { kind: 'none' },
    {
      packages: packages.map(({ version = null, ...own }) => ({ ...own, version })),
      repositories,
    },
  );
}

/** Refuses what is no version of the line that the operating system has, which the files of a host are made for. */
export function checkPackageVersion(
  path: string,
  version: string | undefined,
  line: string,
  problems: Problems,
): void {
  if (version === undefined) return;
  const upstream = version.replace(/^\d+:/, '');
  const isOne = /^[0-9][A-Za-z0-9.+~:-]*$/.test(version);
  if (!isOne || !`${upstream}.`.startsWith(`${line}.`))
    problems.add(
      path,
      `is ${JSON.stringify(version)}; a version as the distribution names it is allowed, of the line that its operating system has: ${line}, such as ${line}.1-1`,
    );
}
