import type * as pulumi from '@pulumi/pulumi';
import type { Problems } from '../rendering/problems';
import type { Architecture, OperatingSystem } from './operatingSystems';
import { operatingSystems } from './operatingSystems';
import type { PlannedUpdates, UpdatesArgs } from './updates';
import { planUpdates } from './updates';

/** What both kinds of hosts can be told about their machines. */
export interface MachineArgs {
  /** EC2 instance type; another one replaces the hosts, one at a time. arm64 needs a type of that kind, such as `t4g.small`. @default `t3.small` for balancers, `t3.medium` for brokers */
  instanceType?: pulumi.Input<string>;
  /**
   * An image of yours, by id, made from one of `operatingSystem` with its cloud-init, Python and login user; packages that
   * it has are not installed, and must not be started by it. Another one replaces the hosts.
   * @default the newest public one of `operatingSystem` when a host is made
   */
  imageId?: pulumi.Input<string>;
  /** The hosts' operating system; Ubuntu is experimental: no host of it was ever booted. @default `debian-13` */
  operatingSystem?: OperatingSystem;
  /** The processors' architecture. @default `amd64` */
  architecture?: Architecture;
  /** Size of the root disk in GiB, 8 to 1024; encrypted. It grows while the host runs, and never shrinks. @default 8 */
  rootVolumeGib?: number;
  /**
   * True tags the root disk in the call that launches the instance, for accounts whose policies demand it; else it is
   * tagged right after. Not together with default tags of the provider.
   * @default false
   */
  tagVolumesAtLaunch?: boolean;
  /** Another value replaces the hosts, one at a time, by ones made from today's image; a newer image alone never does. 1 to 1,000,000. @default 1 */
  imageGeneration?: number;
  /** Another value runs every host's Commands again, to repair what was changed by hand, and has a broker restart though another one is away. 1 to 1,000,000. @default 1 */
  repairGeneration?: number;
  /** Security updates of the operating system. */
  updates?: UpdatesArgs;
}

/** A machine with everything decided but its instance type, which AWS may have to tell. */
export interface Machine {
  readonly operatingSystem: OperatingSystem;
  readonly architecture: Architecture;
  readonly rootVolumeGib: number;
  readonly tagVolumesAtLaunch: boolean;
  readonly imageGeneration: number;
  readonly repairGeneration: number;
  /** Security updates, where they are rolled. */
  readonly updates?: PlannedUpdates;
}

/** Applies the defaults. */
export function machineOf({
  operatingSystem = 'debian-13',
  architecture = 'amd64',
  rootVolumeGib = 8,
  tagVolumesAtLaunch = false,
  imageGeneration = 1,
  repairGeneration = 1,
}: MachineArgs): Machine {
  return {
    operatingSystem,
    architecture,
    rootVolumeGib,
    tagVolumesAtLaunch,
    imageGeneration,
    repairGeneration,
  };
}

/** What an instance's image follows from: another value replaces the instance. */
export function imageOf(args: MachineArgs): pulumi.Input<string | number>[] {
  const { operatingSystem, architecture, imageGeneration } = machineOf(args);
  return [
    operatingSystem,
    architecture,
    imageGeneration,
    ...(args.imageId === undefined ? [] : [args.imageId]),
  ];
}

/** The instance's type. */
export function typeOf({ instanceType = 't3.small' }: MachineArgs): pulumi.Input<string> {
  return instanceType;
}

/** Applies the defaults and checks the machine; what is wrong goes to `problems` under `path`. */
export function planMachine(args: MachineArgs, path: string, problems: Problems): Machine {
  const machine = machineOf(args);
  problems.oneOf(`${path}.operatingSystem`, machine.operatingSystem, Object.keys(operatingSystems));
  if (typeof args.imageId === 'string' && !/^ami-[0-9a-f]{8,17}$/.test(args.imageId))
    problems.add(
      `${path}.imageId`,
      `is ${JSON.stringify(args.imageId)}; the id of an image such as ami-0123456789abcdef0 is allowed`,
    );
  const architecture: string = machine.architecture;
  if (architecture !== 'amd64' && architecture !== 'arm64')
    problems.add(`${path}.architecture`, `is ${JSON.stringify(architecture)}; amd64 and arm64 are allowed`);
  problems.wholeNumber(`${path}.rootVolumeGib`, machine.rootVolumeGib, 8, 1024, 'GiB');
  problems.wholeNumber(`${path}.imageGeneration`, machine.imageGeneration, 1, 1_000_000);
  problems.wholeNumber(`${path}.repairGeneration`, machine.repairGeneration, 1, 1_000_000);
  const updates = planUpdates(args.updates ?? {}, `${path}.updates`, problems);
  return { ...machine, ...(updates === undefined ? {} : { updates }) };
}
