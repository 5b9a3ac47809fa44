import type {
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from '@pulumi/policy';
import { brokersWithoutPublicAddress, encryptedDisks, metadataByToken } from './hosts';
import { nobodyIsAnonymous, onlyListenersAreOpen } from './internet';
import { protectedInProduction } from './protection';
import type { Finding, Seen } from './seen';

/** The policies, by whose names the pack is configured. */
export const policies = [
  ofResource(
    'metadata-by-token',
    'Instance metadata wants a token (IMDSv2) and answers the host alone.',
    metadataByToken,
  ),
  ofResource('encrypted-disks', 'Every disk is encrypted.', encryptedDisks),
  ofResource(
    'brokers-without-public-address',
    'No broker has an address on the internet.',
    brokersWithoutPublicAddress,
  ),
  {
    ...ofResource(
      'protected-in-production',
      'Volumes, interfaces, addresses and secrets of production are protected from deletion.',
      (seen, args) => protectedInProduction(seen, args.getConfig<ProductionConfig>().stacks),
    ),
    configSchema: {
      properties: {
        stacks: {
          type: 'array' as const,
          items: { type: 'string' as const },
          default: ['prod', 'production'],
        },
      },
    },
  },
  ofStack(
    'only-listeners-open',
    'No port is open to the internet but those of listeners, on balancers.',
    onlyListenersAreOpen,
  ),
  ofStack(
    'nobody-anonymous-on-the-internet',
    'A listener that is open to the internet asks who a client is.',
    nobodyIsAnonymous,
  ),
];

interface ProductionConfig {
  readonly stacks: readonly string[];
}

function ofResource(
  name: string,
  description: string,
  check: (seen: Seen, args: ResourceValidationArgs) => readonly Finding[],
): ResourceValidationPolicy {
  return {
    name,
    description,
    enforcementLevel: 'mandatory',
    validateResource: (args, report) => {
      for (const { reason } of check(seenAs(args, args.opts.protect), args)) report(reason);
    },
  };
}

function ofStack(
  name: string,
  description: string,
  check: (resources: readonly Seen[]) => readonly Finding[],
): StackValidationPolicy {
  return {
    name,
    description,
    enforcementLevel: 'mandatory',
    validateStack: ({ resources }, report) => {
      for (const { urn, reason } of check(resources.map((each) => seenAs(each, each.opts.protect))))
        report(reason, urn);
    },
  };
}

function seenAs(
  { type, name, urn, props }: Pick<PolicyResource, 'type' | 'name' | 'urn' | 'props'>,
  isProtected: boolean,
): Seen {
  return { type, name, urn, props, isProtected };
}
