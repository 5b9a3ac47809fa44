import { z } from 'zod';

/** What AWS grants the account in its region, and what its organization demands; `POST /account` changes it. */
export const accountSchema = z.strictObject({
  /** vCPUs of running on-demand instances of the standard families. 5 in the newest accounts, 32 in many. */
  vcpuQuota: z.number().int().nonnegative(),
  /** Elastic IPs in the region, NAT gateways' included. */
  elasticIpQuota: z.number().int().nonnegative(),
  /** VPCs in the region, of which the lab has one at most. */
  vpcQuota: z.number().int().nonnegative(),
  /** Types that a zone does not offer. */
  notOffered: z.array(z.strictObject({ instanceType: z.string(), zone: z.string() })),
  /** Whether it has opted in to the region's Local Zone, which then leads the list of zones. */
  localZone: z.boolean(),
  /** Tags that a policy of the organization demands on volumes when an instance is launched. */
  volumeTags: z.array(z.string()),
  /** The IAM policy, and no more, of whoever runs the program; null: an administrator. */
  runnerPolicy: z.looseObject({}).nullable(),
});

export type Account = z.infer<typeof accountSchema>;

export const usualAccount: Account = {
  vcpuQuota: 32,
  elasticIpQuota: 5,
  vpcQuota: 5,
  notOffered: [],
  localZone: true,
  volumeTags: [],
  runnerPolicy: null,
};
