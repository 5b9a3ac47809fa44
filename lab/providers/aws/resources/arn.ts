import { partitionOf } from '../../../api/partition';
import type { Call } from '../call';

/** The name of an EC2 resource; EC2's own answers rarely hold it. */
export function ec2Arn(call: Call, owner: string | undefined, kind: string, id: string): string {
  return `arn:${partitionOf(call.region).name}:ec2:${call.region}:${owner ?? ''}:${kind}/${id}`;
}
