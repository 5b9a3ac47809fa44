import type { OperatingSystem } from '../host/operatingSystems';
import type { Problems } from '../rendering/problems';
import type { RepositoryArgs } from './arguments';

/** Where a version of EMQX comes from. */
export interface EmqxRelease {
  readonly version: string;
  /** The Debian package: one edition up to 5.8 is free, and from 5.9 on there is only the other. */
  readonly packageName: 'emqx' | 'emqx-enterprise';
  readonly repository: Readonly<Required<RepositoryArgs>>;
}

/** What the choice of a version hangs on. */
export interface ReleaseSurroundings {
  readonly operatingSystem: OperatingSystem;
  readonly brokerCount: number;
  readonly isLicensed: boolean;
  readonly repository: RepositoryArgs;
}

/** Decides package and repository; a version that cannot be installed or run so goes to `problems`. */
export function planRelease(
  version: string,
  surroundings: ReleaseSurroundings,
  path: string,
  problems: Problems,
): EmqxRelease {
  const { repository } = surroundings;
  const parsed = /^(\d+)\.(\d+)\.(\d+)$/.exec(version);
  const [major = 5, minor = 8, patch = 9] = (parsed ?? []).slice(1).map(Number);
  const isEnterprise = major > 5 || (major === 5 && minor >= 9);
  if (parsed === null)
    problems.add(`${path}.version`, `is ${JSON.stringify(version)}; a release such as 5.8.9 is allowed`);
  else checkRelease({ version, major, minor, patch, isEnterprise }, surroundings, path, problems);
  const url = `https://packagecloud.io/emqx/${isEnterprise ? 'emqx-enterprise5' : 'emqx'}`;
  return {
    version,
    packageName: isEnterprise ? 'emqx-enterprise' : 'emqx',
    repository: { url: repository.url ?? url, keyUrl: repository.keyUrl ?? `${url}/gpgkey` },
  };
}

interface Numbers {
  readonly version: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly isEnterprise: boolean;
}

/** Since when a line has packages for an operating system; all others have had them from their first release on. */
const firstPatch: Partial<Record<OperatingSystem, Readonly<Record<string, number>>>> = {
  'debian-13': { '5.8': 8, '5.9': 2, '5.10': 1 },
};

/** What is to be known of a release, in a preview too; undefined where there is nothing. */
export function noteOnRelease({ version }: EmqxRelease): string | undefined {
  return version.startsWith('5.8.')
    ? `EMQX ${version} is of the last line under Apache-2.0, which is no longer maintained; from 5.9 on a cluster needs a licence key`
    : undefined;
}

function checkRelease(
  { version, major, minor, patch, isEnterprise }: Numbers,
  { operatingSystem, brokerCount, isLicensed, repository }: ReleaseSurroundings,
  path: string,
  problems: Problems,
): void {
  const refuse = (reason: string) => problems.add(`${path}.version`, `is ${version}${reason}`);
  if (major < 5 || (major === 5 && minor < 8)) refuse('; 5.8.0 or newer is supported');
  if (isEnterprise && brokerCount > 1 && !isLicensed)
    refuse(
      ` with ${brokerCount} brokers and no ${path}.licenseKey: from 5.9.0 a cluster needs a licence key; set one, use 5.8.9, or run a single broker`,
    );
  if (!isEnterprise && isLicensed)
    problems.add(
      `${path}.licenseKey`,
      `is for 5.9.0 and newer, and ${path}.version is ${version}; leave it out`,
    );
  const least = firstPatch[operatingSystem]?.[`${major}.${minor}`] ?? 0;
  if (patch < least)
    refuse(
      `, which has no package for ${operatingSystem}; use ${major}.${minor}.${least} or newer, or operatingSystem debian-12`,
    );
  if (major > 6 && repository.url === undefined)
    refuse(
      `, whose packages are in none of EMQX's repositories that are known here; give ${path}.repository, or use 6.x`,
    );
}
