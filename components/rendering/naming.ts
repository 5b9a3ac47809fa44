import * as pulumi from '@pulumi/pulumi';

/** Tags that a component's caller wants on everything that can carry tags. */
export type Tags = Record<string, pulumi.Input<string>>;

/** Names the platform on every resource; with the stack's tag the balancers' roles are scoped by it. */
export const platformTag = 'emqx-haproxy:platform';
/** Names project and stack: two stacks may have platforms of one name in one account, region and VPC. */
export const stackTag = 'emqx-haproxy:stack';
/** Marks what a balancer may move: `virtual-ip` on the Elastic IP and on the interfaces and instances that may hold it. */
export const roleTag = 'emqx-haproxy:role';

/** The stack that the program runs for, as its resources' tags name it. */
export function ownStack(): string {
  return `${pulumi.getProject()}/${pulumi.getStack()}`;
}

/** Of what carries a platform's tag, whether it is this stack's; 0.1.0 did not say whose it was. */
export function isOwn(tags: Readonly<Record<string, string>>): boolean {
  return (tags[stackTag] ?? ownStack()) === ownStack();
}

export function tagged(platform: string, resourceName: string, tags: Tags | undefined, role?: string): Tags {
  return {
    ...tags,
    Name: resourceName,
    [platformTag]: platform,
    [stackTag]: ownStack(),
    ...(role === undefined ? {} : { [roleTag]: role }),
  };
}

/** The type token of a component of this package. */
export function typeToken(component: string): string {
  return `emqx-haproxy:index:${component}`;
}
