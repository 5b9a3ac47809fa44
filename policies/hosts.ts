import type { Finding, Seen } from './seen';
import { at, isWithin, listAt } from './seen';

const instance = 'aws:ec2/instance:Instance';
const address = ['aws:ec2/eip:Eip', 'aws:ec2/eipAssociation:EipAssociation'];

/** Instance metadata, from which a host has its role's credentials, wants a token and answers the host alone. */
export function metadataByToken({ type, urn, props }: Seen): readonly Finding[] {
  if (type !== instance || at(props, 'metadataOptions', 'httpEndpoint') === 'disabled') return [];
  const tokens = at(props, 'metadataOptions', 'httpTokens');
  const hops = at(props, 'metadataOptions', 'httpPutResponseHopLimit');
  const reasons = [
    ...(tokens === 'required'
      ? []
      : [`metadataOptions.httpTokens is ${told(tokens)}; give required, so that IMDSv1 answers nobody`]),
    ...(hops === undefined || hops === 1
      ? []
      : [
          `metadataOptions.httpPutResponseHopLimit is ${told(hops)}; give 1, so that no container has the role`,
        ]),
  ];
  return reasons.map((reason) => ({ urn, reason }));
}

/** Every disk is encrypted. */
export function encryptedDisks({ type, urn, props }: Seen): readonly Finding[] {
  const disks =
    type === 'aws:ebs/volume:Volume'
      ? [['encrypted', at(props, 'encrypted')] as const]
      : type === instance
        ? [
            ['rootBlockDevice.encrypted', at(props, 'rootBlockDevice', 'encrypted')] as const,
            ...listAt(props, 'ebsBlockDevices').map(
              (disk, index) => [`ebsBlockDevices[${index}].encrypted`, at(disk, 'encrypted')] as const,
            ),
          ]
        : [];
  return disks
    .filter(([, encrypted]) => encrypted !== true)
    .map(([path, encrypted]) => ({ urn, reason: `${path} is ${told(encrypted)}; give true` }));
}

/** Brokers are reached through balancers only. */
export function brokersWithoutPublicAddress(seen: Seen): readonly Finding[] {
  const { type, urn, props } = seen;
  if (!isWithin(seen, 'EmqxCluster')) return [];
  if (address.includes(type))
    return [
      { urn, reason: 'is an address on the internet for a broker; clients come through the balancers' },
    ];
  if (type === instance && at(props, 'associatePublicIpAddress') === true)
    return [{ urn, reason: 'associatePublicIpAddress is true for a broker; leave it out' }];
  return [];
}

function told(value: unknown): string {
  return value === undefined ? 'not given' : JSON.stringify(value);
}
