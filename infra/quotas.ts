import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';

/** A quota of Service Quotas. */
export interface Quota {
  readonly service: 'ec2' | 'vpc';
  readonly code: string;
  readonly name: string;
}

/** What the account is granted; undefined, with a warning, where it may not be read. */
export async function grantOf({ service, code, name }: Quota): Promise<number | undefined> {
  try {
    return (await aws.servicequotas.getServiceQuota({ serviceCode: service, quotaCode: code })).value;
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    await pulumi.log.warn(`the quota ${code} (${name}) cannot be read, so it is not checked: ${reason}`);
    return undefined;
  }
}
