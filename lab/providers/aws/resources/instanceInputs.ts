import {
  chosen,
  defaulted,
  flag,
  list,
  map,
  number,
  object,
  optional,
  output,
  required,
  set,
  text,
  type ValueChange,
  type Values,
} from '../shape';

const replaces = true;

const blockDevice = {
  deleteOnTermination: defaulted(flag, true),
  deviceName: chosen(text),
  encrypted: chosen(flag, { replaces }),
  iops: chosen(number),
  kmsKeyId: chosen(text, { replaces }),
  tags: chosen(map(text)),
  tagsAll: chosen(map(text)),
  throughput: chosen(number),
  volumeId: chosen(text),
  volumeSize: chosen(number),
  volumeType: chosen(text),
};

const metadataOptions = {
  httpEndpoint: chosen(text),
  httpProtocolIpv6: chosen(text),
  httpPutResponseHopLimit: chosen(number),
  httpTokens: chosen(text),
  instanceMetadataTags: chosen(text),
};

export const instanceInputs = {
  ami: chosen(text, { replaces }),
  associatePublicIpAddress: chosen(flag, { replaces }),
  availabilityZone: chosen(text, { replaces }),
  creditSpecification: optional(object({ cpuCredits: optional(text) })),
  disableApiStop: chosen(flag),
  disableApiTermination: chosen(flag),
  ebsOptimized: chosen(flag),
  forceDestroy: defaulted(flag, false),
  getPasswordData: defaulted(flag, false),
  hibernation: optional(flag, { replaces }),
  iamInstanceProfile: chosen(text),
  instanceInitiatedShutdownBehavior: chosen(text),
  instanceType: chosen(text),
  keyName: chosen(text, { replaces }),
  maintenanceOptions: chosen(object({ autoRecovery: chosen(text) })),
  metadataOptions: chosen(object(metadataOptions)),
  monitoring: chosen(flag),
  placementGroup: chosen(text, { replaces }),
  placementPartitionNumber: chosen(number, { replaces }),
  primaryNetworkInterface: chosen(
    object({ deleteOnTermination: output(flag), networkInterfaceId: required(text, { replaces }) }),
  ),
  privateIp: chosen(text, { replaces }),
  rootBlockDevice: chosen(object(blockDevice)),
  secondaryPrivateIps: chosen(set(text)),
  // A default that is read back from the primary interface: terraform-provider-aws#44768.
  sourceDestCheck: defaulted(flag, true),
  subnetId: chosen(text, { replaces }),
  tenancy: chosen(text, { replaces }),
  userData: chosen(text, { replaces: whenAsked }),
  userDataBase64: chosen(text, { replaces: whenAsked }),
  userDataReplaceOnChange: defaulted(flag, false),
  volumeTags: optional(map(text)),
  vpcSecurityGroupIds: chosen(set(text)),
};
export type InstanceInputs = Values<typeof instanceInputs>;

export const instanceOutputs = {
  arn: output(text),
  ebsBlockDevices: output(list(object({ ...blockDevice, snapshotId: output(text) }))),
  instanceLifecycle: output(text),
  instanceState: output(text),
  primaryNetworkInterfaceId: output(text),
  privateDns: output(text),
  publicDns: output(text),
  publicIp: output(text),
};
export type InstanceOutputs = Values<typeof instanceOutputs>;

/** EC2's own limit, before base64. */
const mostUserDataBytes = 16_384;

/** What is wrong with a set of inputs beyond their shapes. */
export function checkInstance(given: Partial<InstanceInputs>): Record<string, string> {
  const found: Record<string, string> = {};
  const size =
    given.userDataBase64 === undefined
      ? Buffer.byteLength(given.userData ?? '')
      : Buffer.from(given.userDataBase64, 'base64').length;
  const userData = given.userDataBase64 === undefined ? 'userData' : 'userDataBase64';
  if (given.userData !== undefined && given.userDataBase64 !== undefined) {
    found['userData'] = 'stands beside userDataBase64; give one of the two';
  }
  if (size > mostUserDataBytes) {
    found[userData] = `holds ${size} bytes; EC2 takes at most ${mostUserDataBytes}`;
  }
  if (given.ami === undefined) found['ami'] = 'an instance needs an image: the lab has no launch templates';
  if (given.instanceType === undefined) found['instanceType'] = 'an instance needs an instanceType';
  if (given.primaryNetworkInterface !== undefined) {
    if (given.sourceDestCheck === false) {
      found['sourceDestCheck'] = 'belongs to the interface that primaryNetworkInterface names';
    }
    for (const name of elsewhere) {
      if (given[name] !== undefined)
        found[name] = 'belongs to the interface that primaryNetworkInterface names';
    }
  }
  return found;
}

/** What an interface given to an instance settles by itself. */
const elsewhere = [
  'associatePublicIpAddress',
  'privateIp',
  'secondaryPrivateIps',
  'subnetId',
  'vpcSecurityGroupIds',
] as const;

/** Otherwise new user data is put in place with a stop and a start. */
function whenAsked({ inputs }: ValueChange): boolean {
  return inputs['userDataReplaceOnChange'] === true;
}
