/** A part of AWS with accounts, names and ARNs of its own. */
export interface Partition {
  readonly name: 'aws' | 'aws-cn' | 'aws-us-gov';
  readonly dnsSuffix: 'amazonaws.com' | 'amazonaws.com.cn';
}

/** The partition that a region is in, by its name. */
export function partitionOf(region: string): Partition {
  if (region.startsWith('cn-')) return { name: 'aws-cn', dnsSuffix: 'amazonaws.com.cn' };
  const name = region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return { name, dnsSuffix: 'amazonaws.com' };
}
