import type * as pulumi from '@pulumi/pulumi';
import type { Problems } from '../rendering/problems';
import type { Architecture, OperatingSystem } from './operatingSystems';
import { operatingSystems } from './operatingSystems';

/** What both kinds of hosts can be told about their machines. */
export interface MachineArgs {
  /** EC2 instance type. Balancers default to `t3.small`, brokers to `t3.medium`; arm64 needs a type of that kind, such as `t4g.small`. */
  instanceType?: pulumi.Input<string>;
  /** `debian-12`, `debian-13`, `ubuntu-22.04` or `ubuntu-24.04`. Defaults to `debian-13`. */
  operatingSystem?: OperatingSystem;
  /** `amd64` or `arm64`. Defaults to `amd64`. */
  architecture?: Architecture;
  /** Size of the root disk in GiB, 8 to 1024; encrypted. Defaults to 8. */
  rootVolumeGib?: number;
  /** Another value replaces the hosts by ones made from today's image; a newer image alone never does. Defaults to 1. */
  imageGeneration?: number;
  /** Another value runs every host's Commands again, to repair what was changed by hand. Defaults to 1. */
  repairGeneration?: number;
}

/** Checks what a host is told about its machine; what is wrong goes to `problems` under `path`. */
export function checkMachineArgs(args: MachineArgs, path: string, problems: Problems): void {
  const { operatingSystem = 'debian-13', architecture = 'amd64', rootVolumeGib = 8 } = args;
  if (!(operatingSystem in operatingSystems))
    problems.add(
      `${path}.operatingSystem`,
      `is ${JSON.stringify(operatingSystem)}; ${Object.keys(operatingSystems).join(', ')} are allowed`,
    );
  const architectureName: string = architecture;
  if (architectureName !== 'amd64' && architectureName !== 'arm64')
    problems.add(
      `${path}.architecture`,
      `is ${JSON.stringify(architectureName)}; amd64 and arm64 are allowed`,
    );
  problems.wholeNumber(`${path}.rootVolumeGib`, rootVolumeGib, 8, 1024, 'GiB');
  if (args.imageGeneration !== undefined)
    problems.wholeNumber(`${path}.imageGeneration`, args.imageGeneration, 1, 1_000_000);
  if (args.repairGeneration !== undefined)
    problems.wholeNumber(`${path}.repairGeneration`, args.repairGeneration, 1, 1_000_000);
}

/** The machine's part of larger arguments. */
export function machineArgs(args: MachineArgs): MachineArgs {
  const { instanceType, operatingSystem, architecture, rootVolumeGib, imageGeneration, repairGeneration } =
    args;
  return Object.fromEntries(
    Object.entries({
      instanceType,
      operatingSystem,
      architecture,
      rootVolumeGib,
      imageGeneration,
      repairGeneration,
    }).filter(([, value]) => value !== undefined),
  );
}
