import * as aws from '@pulumi/aws';
import * as command from '@pulumi/command';
import type { types } from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import { platformTag } from '../rendering/naming';
import type { ProgramLine } from './programs';
import { runIfThere } from './programs';

/** What is to be known of a host for its turn, and for that of its neighbour. */
export interface TurnHost {
  /** The name that its resources begin with. */
  readonly name: string;
  readonly hostname: string;
  /** How it is reached over SSH. */
  readonly connection: types.input.remote.ConnectionArgs;
  /** Checks that way before a neighbour's turn is asked for: as it is when `pulumi up` begins, so that no turn waits for another. */
  readonly wayInNow: pulumi.ResourceHookBinding;
  /** Done when it has booted and is healthy. */
  readonly ready: pulumi.Resource;
  /** Done when it is well with today's files. */
  readonly inForce: pulumi.Resource;
  /** Done when it is well, with today's files and secrets. */
  readonly settled: pulumi.Resource;
  /** Whether EC2 runs its instance as `pulumi up` begins. */
  readonly isRunning: pulumi.Output<boolean>;
  /** Values that replace the instance when one of them changes. */
  readonly replacedBy: readonly pulumi.Input<string | number>[];
}

/** A host that is gone is not dialled for as long as one that boots. */
const dialErrorLimit = 3;

/**
 * The instance that EC2 runs of a host as `pulumi up` begins. One that runs waits for its turn to be replaced; one that does
 * not is made at once, so that a new stack boots as a whole and a lost host comes back whatever else is to be changed.
 */
export function runningNow(
  platform: string,
  name: string,
  parent: pulumi.Resource,
): pulumi.Output<string | undefined> {
  const instanceTags = { Name: name, [platformTag]: platform };
  const found = aws.ec2.getInstancesOutput({ instanceTags, instanceStateNames: ['running'] }, { parent });
  return found.ids.apply(([id]) => id);
}

/** The turns of hosts of one kind: given before the hosts are made, taken once all of them are known. */
export class Turns {
  private readonly resolvers = new Map<
    string,
    (resources: pulumi.Output<readonly pulumi.Resource[]>) => void
  >();

  /** What an instance waits for before it is replaced. */
  of(hostname: string): pulumi.Output<readonly pulumi.Resource[]> {
    const [turn, isTurn] = pulumi.deferredOutput<readonly pulumi.Resource[]>();
    this.resolvers.set(hostname, isTurn);
    return turn;
  }

  /**
   * A host that runs is replaced once all before it are done and well, and `after` too, and its neighbour has said that
   * the others can do without it: the neighbour runs what `ask` gives whenever something changes that replaces it.
   */
  taken<T extends TurnHost>(
    hosts: readonly T[],
    after: readonly TurnHost[],
    ask: (host: T) => ProgramLine,
    parent: pulumi.Resource,
  ): void {
    for (const [index, host] of hosts.entries()) {
      const former = [
        ...after.map(({ settled }) => settled),
        ...hosts.slice(0, index).map(({ inForce }) => inForce),
      ];
      const neighbour = hosts.at(index - 1);
      const asked =
        neighbour === undefined || neighbour === host
          ? []
          : [askNeighbour(host, neighbour, ask(host), former, parent)];
      const turn = host.isRunning.apply((runs): readonly pulumi.Resource[] =>
        runs ? [...former, ...asked] : [],
      );
      this.resolvers.get(host.hostname)?.(turn);
    }
  }
}

function askNeighbour(
  host: TurnHost,
  neighbour: TurnHost,
  question: ProgramLine,
  former: readonly pulumi.Resource[],
  parent: pulumi.Resource,
): command.remote.Command {
  return new command.remote.Command(
    `${host.name}-turn`,
    {
      connection: { ...neighbour.connection, dialErrorLimit },
      addPreviousOutputInEnv: false,
      create: runIfThere(question, 'true'),
      // Another neighbour, such as one that boots, or other words to ask in replace nothing.
      update: 'true',
      triggers: [...host.replacedBy],
    },
    {
      parent,
      hooks: neighbour.wayInNow,
      // Where one of the two is being made, it does not wait for this.
      dependsOn: pulumi
        .all([host.isRunning, neighbour.isRunning])
        .apply((running) => (running.every(Boolean) ? [...former] : [neighbour.ready])),
    },
  );
}
