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

/** A machine with everything decided but its instance type, which AWS may have to tell. */
export interface Machine {
  readonly operatingSystem: OperatingSystem;
  readonly architecture: Architecture;
  readonly rootVolumeGib: number;
  readonly imageGeneration: number;
  readonly repairGeneration: number;
}

/** Applies the defaults. */
export function machineOf({
  operatingSystem = 'debian-13',
  architecture = 'amd64',
  rootVolumeGib = 8,
  imageGeneration = 1,
  repairGeneration = 1,
}: MachineArgs): Machine {
  return { operatingSystem, architecture, rootVolumeGib, imageGeneration, repairGeneration };
}

/** Applies the defaults and checks the machine; what is wrong goes to `problems` under `path`. */
export function planMachine(args: MachineArgs, path: string, problems: Problems): Machine {
  const machine = machineOf(args);
  problems.oneOf(`${path}.operatingSystem`, machine.operatingSystem, Object.keys(operatingSystems));
  const architecture: string = machine.architecture;
  if (architecture !== 'amd64' && architecture !== 'arm64')
    problems.add(`${path}.architecture`, `is ${JSON.stringify(architecture)}; amd64 and arm64 are allowed`);
  problems.wholeNumber(`${path}.rootVolumeGib`, machine.rootVolumeGib, 8, 1024, 'GiB');
  problems.wholeNumber(`${path}.imageGeneration`, machine.imageGeneration, 1, 1_000_000);
  problems.wholeNumber(`${path}.repairGeneration`, machine.repairGeneration, 1, 1_000_000);
  return machine;
}
