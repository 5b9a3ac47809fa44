import * as aws from '@pulumi/aws';
import type { types } from '@pulumi/command';
import * as command from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import * as tls from '@pulumi/tls';
import { createHash } from 'node:crypto';
import type { Tags } from '../rendering/naming';
import { tagged, typeToken } from '../rendering/naming';
import { applyAgain, applySet, confirmSet, sentSet } from './applySet';
import { growDisks } from './disks';
import type { HostFile, SecretView } from './fileSet';
import { renderFileSet } from './fileSet';
import { accountOf, keyOf } from './account';
import type { InstanceArgs } from './instance';
import { bootInstance } from './instance';
import type { LeavingHost } from './leaving';
import { imageOf, machineOf, typeOf } from './machines';
import type { InterfaceArgs } from './networkInterface';
import { hostAddress, hostInterface } from './networkInterface';
import { operatingSystems } from './operatingSystems';
import { sudoPython, waitUntilReady } from './readiness';
import type { PolicyStatement } from './role';
import { hostRole } from './role';
import type { HostSecret } from './secrets';
import { hostSecret } from './secrets';
import type { SshLogin, SshTarget } from './ssh';
import { connectionTo } from './ssh';
import type { TurnHost } from './turns';
import { runningNow } from './turns';
import { bootLimits, changeLimits } from './wayIn';
import { allHooks, wayInHooks } from './wayInHook';

/** What AWS knows once the parts of a host exist that come before its instance. */
export interface HostFacts {
  readonly interfaceId: string;
  readonly dataVolumeId?: string;
  /** Where the host finds its own SSH key. */
  readonly hostKey: SecretView;
}

/** Arguments of a Host. */
export interface HostArgs extends InstanceArgs, InterfaceArgs {
  /** The platform that the host belongs to, for its tags. */
  platform: string;
  /** True gives it an Elastic IP of its own, on the primary address. @default false */
  publicAddress?: boolean;
  /** Size in GiB of a data volume that outlives the instance. @default none */
  dataVolumeGib?: number;
  /** True makes a snapshot of the data volume before it is deleted. @default false */
  finalSnapshot?: boolean;
  /** The role tag on its interface and instance. @default none */
  role?: string;
  /** What its role may do beyond reading its secrets. @default nothing */
  statements?: pulumi.Output<readonly PolicyStatement[]>;
  /** Secrets that it fetches, beside its own SSH key. */
  secrets: readonly HostSecret[];
  /** How it is reached; undefined: on its own Elastic IP. */
  reachedBy?: SshTarget;
  /** Its files, from what only AWS knows. */
  files: (facts: pulumi.Output<HostFacts>) => pulumi.Output<readonly HostFile[]>;
  /** What must exist before it boots: routes, NAT. */
  egress: readonly pulumi.Resource[];
  /** Hosts whose files are changed before this one's: on an update they are dealt with one at a time. */
  updateAfter?: readonly Host[];
  /**
   * Makes it change together with other hosts or not at all: what it waits for to be confirmed, and takes its files back
   * when that takes longer than three minutes. @default none: its files stay once it is well with them
   */
  confirmAfter?: pulumi.Output<readonly pulumi.Resource[]>;
  /** What its instance waits for before it is replaced. @default nothing */
  turn?: pulumi.Output<readonly pulumi.Resource[]>;
  /** Keeps what outlives instances (interface, addresses, volume, secret) from being deleted by mistake. @default false */
  protect?: boolean;
  /** Tags on everything that can carry them. @default none */
  tags?: Tags;
}

/**
 * One EC2 host: an interface with a planned address, an instance on it, its role, SSH host key, disks, and its files.
 * The instance is never replaced for user data or a newer image; files reach a running host over SSH.
 */
export class Host extends pulumi.ComponentResource implements TurnHost, LeavingHost {
  /** The name that its resources begin with. */
  readonly name: string;
  readonly hostname: string;
  readonly instanceId: pulumi.Output<string>;
  readonly interfaceId: pulumi.Output<string>;
  readonly privateAddress: string;
  /** The host's own Elastic IP, where it has one. */
  readonly publicAddress: pulumi.Output<string> | undefined;
  /** The pinned SSH host key. */
  readonly hostKey: pulumi.Output<string>;
  /** SHA-256 of the file set that should be on the host. */
  readonly fileSetHash: pulumi.Output<string>;
  /** Done when the host has booted, is healthy, and has today's files and secrets. */
  readonly settled: pulumi.Resource;
  /** Done when it has its files for good. */
  readonly confirmed: pulumi.Resource;
  /** Done when it is well with today's files; where others change with it, they are still to be confirmed. */
  readonly inForce: pulumi.Resource;
  /** Done when it has booted and is healthy. */
  readonly ready: pulumi.Resource;
  /** Whether EC2 runs its instance as `pulumi up` begins. */
  readonly isRunning: pulumi.Output<boolean>;
  /** Values that replace the instance when one of them changes. */
  readonly replacedBy: readonly pulumi.Input<string | number>[];
  /** How it is reached over SSH. */
  readonly sshTarget: SshTarget;
  /** The same, as a Command's connection. */
  readonly connection: types.input.remote.ConnectionArgs;
  /** Checks that way before a Command runs on it. */
  readonly wayIn: pulumi.ResourceHookBinding;
  /** The same, and puts today's files into force again where the host has taken them back. */
  private readonly wayInWithFiles: pulumi.ResourceHookBinding;
  /** The same before its neighbour's turn is asked for: no turn waits for another. */
  readonly wayInNow: pulumi.ResourceHookBinding;
  /** Who logs in to it. */
  readonly login: SshLogin;

  constructor(name: string, args: HostArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super(typeToken('Host'), name, {}, opts);
    const protect = args.protect ?? false;
    const tags = tagged(args.platform, name, args.tags, args.role);
    const kept = { parent: this, protect };

    const networkInterface = hostInterface(name, args, tags, kept);
    const publicAddress =
      args.publicAddress === true
        ? hostAddress(name, args, networkInterface, tags, kept, args.egress)
        : undefined;
    const key = new tls.PrivateKey(`${name}-host-key`, { algorithm: 'ED25519' }, { parent: this });
    const keySecret = hostSecret(
      `${name}-ssh`,
      { hostKey: key.privateKeyOpenssh },
      { ...accountOf(args), tags, protect, parent: this },
    );
    const secrets = [keySecret, ...args.secrets];
    const { profile, policy } = hostRole(
      name,
      [...secrets, args.programs].map(({ arn }) => arn),
      args.statements ?? pulumi.output([]),
      accountOf(args),
      tags,
      this,
    );
    const volume = dataVolume(name, args, tags, kept);

    const facts = pulumi
      .all([networkInterface.id, keySecret.arn, volume?.id])
      .apply(([interfaceId, keyArn, dataVolumeId]) => ({
        interfaceId,
        hostKey: hostKeyFile(keyArn),
        ...(dataVolumeId === undefined ? {} : { dataVolumeId }),
      }));
    const files = args.files(facts);
    const { operatingSystem } = machineOf(args);
    const turn = args.turn ?? pulumi.output<readonly pulumi.Resource[]>([]);
    const before = [
      policy,
      ...[...secrets, args.programs].map(({ version }) => version),
      ...args.egress,
      ...(publicAddress === undefined ? [] : [publicAddress]),
    ];
    const instance = bootInstance(
      name,
      args,
      { networkInterface, profile, files, tags },
      this,
      turn.apply((its) => [...before, ...its]),
    );
    const attached =
      volume === undefined
        ? []
        : [
            new aws.ec2.VolumeAttachment(
              `${name}-data-attachment`,
              {
                instanceId: instance.id,
                volumeId: volume.id,
                deviceName: '/dev/sdf',
                stopInstanceBeforeDetaching: true,
              },
              { parent: this, deleteBeforeReplace: true },
            ),
          ];

    this.name = name;
    this.hostname = args.hostname;
    const runningId = runningNow(args.platform, name, this);
    this.isRunning = runningId.apply((id) => id !== undefined);
    this.replacedBy = [...imageOf(args), typeOf(args)];
    this.instanceId = instance.id;
    this.interfaceId = networkInterface.id;
    this.privateAddress = args.address;
    this.publicAddress = publicAddress?.publicIp;
    this.hostKey = key.publicKeyOpenssh.apply((line) => line.trim());
    this.fileSetHash = files.apply((all) => createHash('sha256').update(renderFileSet(all)).digest('hex'));
    this.sshTarget = args.reachedBy ?? { address: publicAddress?.publicIp ?? args.address };
    this.login = {
      user: operatingSystems[operatingSystem].loginUser,
      privateKey: args.login.privateKey,
      hostKey: this.hostKey,
    };
    this.connection = connectionTo(this.sshTarget, this.login);
    const host = { hostname: args.hostname, instanceId: instance.id };
    this.wayIn = wayInHooks(host, this.sshTarget, this.login, changeLimits);
    const hostNow = { ...host, instanceId: runningId.apply((id) => id ?? 'ID') };
    this.wayInNow = wayInHooks(hostNow, this.sshTarget, this.login, changeLimits);
    this.wayInWithFiles = wayInHooks(host, this.sshTarget, this.login, changeLimits, {
      command: this.fileSetHash.apply(applyAgain),
      withinMs: applyLimitMs,
      failed: `${args.hostname} had taken its new files back, and does not do with them`,
    });
    this.ready = this.becomeReady(name, args, instance, attached);
    const { applied, confirmed, settled } = this.keepUpToDate(name, args, instance, files, secrets);
    this.confirmed = confirmed;
    this.settled = settled;
    this.inForce = args.confirmAfter === undefined ? settled : applied;
    this.registerOutputs({ instanceId: this.instanceId, interfaceId: this.interfaceId });
  }

  /** The gate that a new host must pass; gates run side by side. */
  private becomeReady(
    name: string,
    args: HostArgs,
    instance: aws.ec2.Instance,
    attached: readonly pulumi.Resource[],
  ): pulumi.Resource {
    const host = { hostname: args.hostname, instanceId: instance.id };
    return new command.remote.Command(
      `${name}-ready`,
      {
        connection: this.connection,
        addPreviousOutputInEnv: false,
        create: waitUntilReady(args.hostname),
        triggers: [instance.id],
      },
      {
        parent: this,
        dependsOn: [...attached],
        hooks: wayInHooks(host, this.sshTarget, this.login, bootLimits),
      },
    );
  }

  /**
   * Its files and secrets, whenever they change: one host at a time, in the order of `updateAfter`. Of hosts that change
   * together each has its files before any is confirmed, the last one first.
   */
  private keepUpToDate(
    name: string,
    args: HostArgs,
    instance: aws.ec2.Instance,
    files: pulumi.Output<readonly HostFile[]>,
    secrets: readonly HostSecret[],
  ): Readonly<Record<'applied' | 'confirmed' | 'settled', pulumi.Resource>> {
    const { updateAfter = [], confirmAfter = pulumi.output<readonly pulumi.Resource[]>([]) } = args;
    // Those before it that may have taken the same change back have it again before it comes here.
    const together = args.confirmAfter === undefined ? [] : updateAfter;
    const { repairGeneration, rootVolumeGib } = machineOf(args);
    // sshd would refuse the variables with the last output, and each run would warn of it.
    const own = { connection: this.connection, addPreviousOutputInEnv: false };
    const triggers = [instance.id, repairGeneration];
    new command.remote.Command(
      `${name}-disks`,
      { ...own, create: growDisks, triggers: [instance.id, rootVolumeGib, args.dataVolumeGib ?? 0] },
      { parent: this, dependsOn: [this.ready], hooks: this.wayIn },
    );
    const applied = new command.remote.Command(
      `${name}-files`,
      { ...own, create: applySet, stdin: files.apply(sentSet), triggers },
      {
        parent: this,
        hooks: allHooks(...together.map(({ wayInWithFiles }) => wayInWithFiles), this.wayIn),
        // Today's set may ask for what only today's secrets have.
        dependsOn: [
          this.ready,
          ...secrets.map(({ version }) => version),
          ...updateAfter.map(({ inForce }) => inForce),
        ],
      },
    );
    const confirmed = new command.remote.Command(
      `${name}-confirmed`,
      {
        ...own,
        create: this.fileSetHash.apply((sha256) => confirmSet(args.hostname, sha256)),
        triggers: [...triggers, this.fileSetHash],
      },
      {
        parent: this,
        dependsOn: confirmAfter.apply((later) => [applied, ...later]),
        hooks: this.wayInWithFiles,
      },
    );
    const settled = new command.remote.Command(
      `${name}-secrets`,
      {
        ...own,
        create: `${sudoPython}/fetch_secrets.py`,
        triggers: [...triggers, ...secrets.map(({ versionId }) => versionId)],
      },
      {
        parent: this,
        dependsOn: [confirmed, ...updateAfter.map((host) => host.settled)],
        hooks: this.wayIn,
      },
    );
    return { applied, confirmed, settled };
  }
}

/** Its checks, its services, and until it is well. */
const applyLimitMs = 300_000;

function hostKeyFile(arn: string): SecretView {
  return {
    arn,
    file: '/etc/ssh/ssh_host_ed25519_key',
    mode: '0600',
    owner: 'root:root',
    change: { kind: 'restart', unit: 'ssh' },
    content: { kind: 'value', field: 'hostKey' },
  };
}

function dataVolume(
  name: string,
  args: HostArgs,
  tags: Tags,
  kept: pulumi.CustomResourceOptions,
): aws.ebs.Volume | undefined {
  if (args.dataVolumeGib === undefined) return undefined;
  const zone = aws.ec2.getSubnetOutput(
    { id: args.subnetId },
    kept.parent === undefined ? {} : { parent: kept.parent },
  ).availabilityZone;
  return new aws.ebs.Volume(
    `${name}-data`,
    {
      availabilityZone: zone,
      size: args.dataVolumeGib,
      type: 'gp3',
      encrypted: true,
      ...keyOf(args),
      ...(args.finalSnapshot === true ? { finalSnapshot: true } : {}),
      tags,
    },
    // Where it is, it stays, and under the key that it was made with: nothing may replace the data.
    { ...kept, ignoreChanges: ['availabilityZone', 'kmsKeyId'] },
  );
}
