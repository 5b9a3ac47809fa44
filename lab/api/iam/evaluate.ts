import { wildcard } from '../ec2/filters';
import { holds, type ConditionContext } from './conditions';
import type { Patterns, Policy, Statement } from './policy';

/** A resource that an action touches, with what conditions can ask about it. */
export interface RequestedResource {
  readonly arn: string;
  readonly tags: ReadonlyMap<string, string>;
}

export interface PolicyRequest {
  /** As policies name it, for example ec2:AssociateAddress. */
  readonly action: string;
  /** Each one must be allowed. */
  readonly resources: readonly RequestedResource[];
  /** Global condition keys, in lower case: aws:requestedregion, aws:sourceip, ... */
  readonly context: ReadonlyMap<string, string>;
}

export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly resource: string; readonly explicit: boolean };

/** IAM's rule for one role: any Deny refuses, else an Allow is needed, for each resource by itself. */
export function evaluate(policies: readonly Policy[], request: PolicyRequest): Decision {
  const statements = policies.flatMap((policy) => policy.statements);
  for (const resource of request.resources) {
    const context = contextOf(request, resource);
    const applying = statements.filter((statement) => applies(statement, request.action, resource, context));
    const explicit = applying.some((statement) => statement.effect === 'Deny');
    if (explicit || applying.length === 0) return { allowed: false, resource: resource.arn, explicit };
  }
  return { allowed: true };
}

function applies(
  statement: Statement,
  action: string,
  resource: RequestedResource,
  context: ConditionContext,
): boolean {
  return (
    matches(statement.actions, (pattern) => wildcard(pattern.toLowerCase(), action.toLowerCase())) &&
    matches(statement.resources, (pattern) => wildcard(pattern, resource.arn)) &&
    statement.conditions.every((condition) => holds(condition, context))
  );
}

function matches({ not, patterns }: Patterns, test: (pattern: string) => boolean): boolean {
  return patterns.some(test) !== not;
}

/** Tag keys keep their case; the words before them have none. */
function contextOf(request: PolicyRequest, resource: RequestedResource): ConditionContext {
  return (key) => {
    const tag = /^(?:aws|[a-z0-9-]+):resourcetag\/(.*)$/i.exec(key)?.[1];
    const value = tag === undefined ? request.context.get(key.toLowerCase()) : resource.tags.get(tag);
    return value === undefined ? undefined : [value];
  };
}
