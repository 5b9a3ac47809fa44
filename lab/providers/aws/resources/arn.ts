import type { Call } from '../call';

/** The name of an EC2 resource; EC2's own answers rarely hold it. */
export function ec2Arn(call: Call, owner: string | undefined, kind: string, id: string): string {
  return `arn:aws:ec2:${call.region}:${owner ?? ''}:${kind}/${id}`;
}

/** The account that the calls are made for, where an answer does not say whose a resource is. */
export async function accountId(call: Call): Promise<string | undefined> {
  return (await (await call.sts()).getCallerIdentity({})).Account;
}
