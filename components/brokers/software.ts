import type { OperatingSystem } from '../host/operatingSystems';
import { operatingSystems } from '../host/operatingSystems';
import type { HostSoftware } from '../host/packages';
import { programCommand } from '../host/programs';
import type { EmqxRelease } from './versions';

/** A broker's package, and the repository that it is in. */
export function brokerSoftware(
  { packageName, version, repository }: EmqxRelease,
  operatingSystem: OperatingSystem,
): HostSoftware {
  const { distribution, codename } = operatingSystems[operatingSystem];
  return {
    packages: [
      {
        name: packageName,
        version,
        unit: 'emqx',
        // It reads its code as it needs it. So its clients are moved before.
        stopped: true,
        guard: programCommand('broker.upgrades'),
      },
    ],
    repositories: [
      {
        name: 'emqx',
        url: `${repository.url}/${distribution}`,
        keyUrl: repository.keyUrl,
        suite: codename,
        component: 'main',
      },
    ],
  };
}
