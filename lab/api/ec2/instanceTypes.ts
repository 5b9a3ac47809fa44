import { AwsError } from '../awsError';
import type { Image } from '../images';
import type { Actions } from './action';
import type { InstanceRecord } from './instanceRecord';
import type { Region } from './region';
import { zonesOf } from './zones';

/** What is said of instance types: what a zone offers, how many vCPUs one has, what processors. */
export const instanceTypeActions: Actions = {
  /** moto's list, which is AWS's, without what this account's zones do not offer. */
  async DescribeInstanceTypeOfferings(region, parameters) {
    const answer = await region.moto.query('ec2', region.name, parameters);
    const offered = answer.items('instanceTypeOfferingSet').map((each) => ({
      instanceType: each.text('instanceType'),
      locationType: each.text('locationType'),
      location: each.text('location'),
    }));
    return {
      instanceTypeOfferingSet: offered.filter(
        ({ instanceType, location }) => !isMissing(region, instanceType, location),
      ),
    };
  },
};

/** Refuses what RunInstances refuses: a type that the zone has not, of other processors than the image, too many vCPUs. */
export async function mustBeLaunchable(
  region: Region,
  image: Image,
  instanceType: string,
  zone: string,
): Promise<void> {
  if (isMissing(region, instanceType, zone)) {
    const others = (await zonesOf(region)).flatMap(({ name, kind }) =>
      kind === 'availability-zone' && !isMissing(region, instanceType, name) ? [name] : [],
    );
    // terraform-provider-aws and others show it so, for example longhorn/longhorn-tests#1130.
    const message = `Your requested instance type (${instanceType}) is not supported in your requested Availability Zone (${zone}).`;
    const remedy = `Please retry your request by not specifying an Availability Zone or choosing ${others.join(', ')}.`;
    throw new AwsError('Unsupported', `${message} ${remedy}`);
  }
  const architecture = architectureOf(instanceType);
  if (architecture !== image.architecture) {
    const message = `The architecture '${architecture}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI.`;
    const remedy =
      'Specify an instance type and an AMI that have matching architectures, and try again. You can use ' +
      "'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.";
    throw new AwsError('InvalidParameterValue', `${message} ${remedy}`);
  }
  mustHaveVcpus(region, instanceType);
}

/** Only what runs or is about to counts; a stopped instance asks again when it is started. */
export function mustHaveVcpus(region: Region, instanceType: string): void {
  const { vcpuQuota } = region.account;
  const counted = (record: InstanceRecord) => record.state === 'pending' || record.state === 'running';
  const used = [...region.instances.values()]
    .filter(counted)
    .reduce((sum, record) => sum + vcpusOf(record.instanceType), 0);
  if (used + vcpusOf(instanceType) <= vcpuQuota) return;
  const message =
    `You have requested more vCPU capacity than your current vCPU limit of ${vcpuQuota} allows for the instance ` +
    'bucket that the specified instance type belongs to. Please visit ' +
    'http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.';
  throw new AwsError('VcpuLimitExceeded', message);
}

/** By size, as the standard families have it: t types two up to large, all others one below large. */
export function vcpusOf(instanceType: string): number {
  const [family = '', size = ''] = instanceType.split('.');
  const multiple = /^(\d*)xlarge$/.exec(size)?.[1];
  if (multiple !== undefined) return 4 * (multiple === '' ? 1 : Number(multiple));
  if (size === 'large') return 2;
  const small = ['nano', 'micro', 'small', 'medium'].includes(size);
  if (small) return /^t[34]/.test(family) || (family === 't2' && size === 'medium') ? 2 : 1;
  throw new AwsError('InvalidParameterValue', `lab: how many vCPUs has ${instanceType}?`);
}

/** Graviton's families have a g behind their generation, as t4g and c7gn; a1 is older than that. */
export function architectureOf(instanceType: string): Image['architecture'] {
  return /^(a1|[a-z]+\d+g[a-z]*)\./.test(instanceType) ? 'arm64' : 'x86_64';
}

function isMissing(region: Region, instanceType: string, location: string): boolean {
  return region.account.notOffered.some(
    (each) => each.instanceType === instanceType && each.zone === location,
  );
}
