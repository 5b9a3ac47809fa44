import type * as aws from '@pulumi/aws';
import type { types } from '@pulumi/command';
import * as command from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import { applySet, confirmSet, sentSet } from './applySet';
import { growDisks } from './disks';
import type { HostFile } from './fileSet';
import type { MachineArgs } from './machines';
import { machineOf } from './machines';
import { sudoPython, waitUntilReady } from './readiness';
import type { HostSecret } from './secrets';
import type { SshLogin, SshTarget } from './ssh';
import { rolledUpdates } from './updates';
import { bootLimits } from './wayIn';
import { allHooks, wayInHooks } from './wayInHook';

/** A host as the Commands that run on it need it. */
export interface ReachedHost {
  readonly hostname: string;
  /** How it is reached over SSH. */
  readonly sshTarget: SshTarget;
  /** Who logs in to it. */
  readonly login: SshLogin;
  /** The same, as a Command's connection. */
  readonly connection: types.input.remote.ConnectionArgs;
  /** Checks that way before a Command runs on it. */
  readonly wayIn: pulumi.ResourceHookBinding;
  /** The same, and puts today's files into force again where the host has taken them back. */
  readonly wayInWithFiles: pulumi.ResourceHookBinding;
  /** SHA-256 of the file set that should be on the host. */
  readonly fileSetHash: pulumi.Output<string>;
}

/** How far a host is. */
export interface UpToDate {
  /** Done when it is well with today's files; where others change with it, they are still to be confirmed. */
  readonly inForce: pulumi.Resource;
  /** Done when it has its files for good. */
  readonly confirmed: pulumi.Resource;
  /** Done when the host has booted, is healthy, and has today's files and secrets. */
  readonly settled: pulumi.Resource;
}

/** Of a host's arguments, those of its turn among others. */
export interface UpkeepArgs extends MachineArgs {
  /** Hosts whose files are changed before this one's: on an update they are dealt with one at a time. */
  updateAfter?: readonly (ReachedHost & UpToDate)[];
  /**
   * Makes it change together with other hosts or not at all: what it waits for to be confirmed, and takes its files back
   * when that takes longer than three minutes. @default none: its files stay once it is well with them
   */
  confirmAfter?: pulumi.Output<readonly pulumi.Resource[]>;
  /** Size in GiB of a data volume that outlives the instance. @default none */
  dataVolumeGib?: number;
}

/** The gate that a new host must pass; gates run side by side. */
export function becomeReady(
  name: string,
  { hostname, sshTarget, login, connection }: ReachedHost,
  instance: aws.ec2.Instance,
  attached: readonly pulumi.Resource[],
  parent: pulumi.Resource,
): pulumi.Resource {
  return new command.remote.Command(
    `${name}-ready`,
    {
      connection,
      addPreviousOutputInEnv: false,
      create: waitUntilReady(hostname),
      triggers: [instance.id],
    },
    {
      parent,
      dependsOn: [...attached],
      hooks: wayInHooks({ hostname, instanceId: instance.id }, sshTarget, login, bootLimits),
    },
  );
}

/**
 * A host's files and secrets, whenever they change: one host at a time, in the order of `updateAfter`. Of hosts that change
 * together each has its files before any is confirmed, the last one first.
 */
export function keepUpToDate(
  name: string,
  host: ReachedHost & { readonly ready: pulumi.Resource },
  args: UpkeepArgs,
  parts: {
    readonly instance: aws.ec2.Instance;
    readonly files: pulumi.Output<readonly HostFile[]>;
    readonly secrets: readonly HostSecret[];
  },
  parent: pulumi.Resource,
): UpToDate {
  const { instance, files, secrets } = parts;
  const { updateAfter = [], confirmAfter = pulumi.output<readonly pulumi.Resource[]>([]) } = args;
  // Those before it that may have taken the same change back have it again before it comes here.
  const together = args.confirmAfter === undefined ? [] : updateAfter;
  const { repairGeneration, rootVolumeGib } = machineOf(args);
  const rolled = rolledUpdates(args.updates);
  const updates = rolled === undefined ? [] : [rolled];
  // sshd would refuse the variables with the last output, and each run would warn of it.
  const own = { connection: host.connection, addPreviousOutputInEnv: false };
  const triggers = [instance.id, repairGeneration];
  new command.remote.Command(
    `${name}-disks`,
    { ...own, create: growDisks, triggers: [instance.id, rootVolumeGib, args.dataVolumeGib ?? 0] },
    { parent, dependsOn: [host.ready], hooks: host.wayIn },
  );
  const applied = new command.remote.Command(
    `${name}-files`,
    { ...own, create: applySet, stdin: files.apply(sentSet), triggers },
    {
      parent,
      hooks: allHooks(...together.map(({ wayInWithFiles }) => wayInWithFiles), host.wayIn),
      // Today's set may ask for what only today's secrets have.
      dependsOn: [
        host.ready,
        ...secrets.map(({ version }) => version),
        ...updateAfter.map(({ inForce }) => inForce),
      ],
    },
  );
  const confirmed = new command.remote.Command(
    `${name}-confirmed`,
    {
      ...own,
      create: host.fileSetHash.apply((sha256) => confirmSet(host.hostname, sha256)),
      triggers: [...triggers, host.fileSetHash],
    },
    {
      parent,
      dependsOn: confirmAfter.apply((later) => [applied, ...later]),
      hooks: host.wayInWithFiles,
    },
  );
  // In its turn, unlike files that are changed on hosts together.
  const rebooted = updates.map(
    ({ generation }) =>
      new command.remote.Command(
        `${name}-reboot`,
        {
          ...own,
          create: `${sudoPython}/apply_config.py --reboot`,
          triggers: [...triggers, generation],
        },
        {
          parent,
          dependsOn: [confirmed, ...updateAfter.map((former) => former.settled)],
          hooks: host.wayIn,
        },
      ),
  );
  const settled = new command.remote.Command(
    `${name}-secrets`,
    {
      ...own,
      create: `${sudoPython}/fetch_secrets.py`,
      // It is also what finds a host well that an update had reboot.
      triggers: [
        ...triggers,
        ...secrets.map(({ versionId }) => versionId),
        ...updates.map(({ generation }) => generation),
      ],
    },
    {
      parent,
      dependsOn: [confirmed, ...rebooted, ...updateAfter.map((former) => former.settled)],
      hooks: host.wayIn,
    },
  );
  return { inForce: args.confirmAfter === undefined ? settled : applied, confirmed, settled };
}
