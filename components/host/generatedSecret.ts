import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';

/** The caller's secret, or a random one of letters and digits, which no file format needs to quote. */
export function secretOr(
  given: pulumi.Input<string> | undefined,
  name: string,
  length: number,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  if (given !== undefined) return pulumi.secret(given);
  return pulumi.secret(new random.RandomPassword(name, { length, special: false }, { parent }).result);
}
