import type { MachineState, OperatingSystem } from '../../model';

export interface InstanceRecord {
  readonly instanceId: string;
  readonly reservationId: string;
  readonly imageId: string;
  readonly operatingSystem: OperatingSystem;
  readonly subnetId: string;
  readonly interfaceId: string;
  readonly privateIp: string;
  readonly availabilityZone: string;
  readonly launchedAt: Date;
  readonly clientToken: string;
  readonly keyName?: string | undefined;
  readonly publicKeys: readonly string[];
  readonly rootVolumeId: string;
  readonly placementGroup?: string | undefined;
  instanceType: string;
  userData: Buffer;
  profile?: InstanceProfile | undefined;
  state: MachineState;
  stateReason?: { readonly code: string; readonly message: string } | undefined;
  disableApiTermination: boolean;
  disableApiStop: boolean;
  shutdownBehaviour: 'stop' | 'terminate';
  metadata: MetadataOptions;
  monitoring: boolean;
  ebsOptimized: boolean;
  /** Since when it has been frozen or cut off: what EC2's status checks find out some time later. */
  unreachableSince?: number | undefined;
  /** The last console output of a machine that is gone. */
  lastConsole?: string | undefined;
}

export interface InstanceProfile {
  readonly associationId: string;
  readonly arn: string;
  readonly profileId: string;
  readonly roleName: string;
}

export interface MetadataOptions {
  readonly enabled: boolean;
  /** IMDSv2 only. */
  readonly tokensRequired: boolean;
  readonly hopLimit: number;
  readonly tags: boolean;
}
