import type * as pulumi from '@pulumi/pulumi';

/** A component that was made, with what it tells. */
export interface Made {
  readonly resource: pulumi.ComponentResource;
  readonly outputs: object;
}
