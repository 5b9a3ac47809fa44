import type { OperatingSystem } from '../host/operatingSystems';
import { operatingSystems } from '../host/operatingSystems';
import type { HostSoftware } from '../host/packages';
import { checkPackageVersion } from '../host/packages';
import type { Problems } from '../rendering/problems';
import type { HaproxyArgs } from './arguments';

/** Decides a balancer's packages; a version of another line goes to `problems` under `haproxy`. */
export function planSoftware(
  { version, keepalived = {} }: Pick<HaproxyArgs, 'version' | 'keepalived'>,
  operatingSystem: OperatingSystem,
  problems: Problems,
): HostSoftware {
  const { haproxyVersion, keepalivedVersion } = operatingSystems[operatingSystem];
  const keepalivedLine = keepalivedVersion.split('.').slice(0, 2).join('.');
  checkPackageVersion('haproxy.version', version, haproxyVersion, problems);
  checkPackageVersion('haproxy.keepalived.version', keepalived.version, keepalivedLine, problems);
  return {
    packages: [
      {
        name: 'haproxy',
        ...(version === undefined ? {} : { version }),
        unit: 'haproxy',
        stopped: false,
        guard: [],
      },
      {
        name: 'keepalived',
        ...(keepalived.version === undefined ? {} : { version: keepalived.version }),
        unit: 'keepalived',
        stopped: false,
        guard: [],
      },
    ],
    repositories: [],
  };
}
