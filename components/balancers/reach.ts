import type { SshArgs } from '../host/ssh';
import type { PairPlacement } from './pairArguments';

/** How `pulumi up` reaches the balancers themselves. */
export function reachOfBalancers({ via = 'balancers' }: SshArgs): NonNullable<PairPlacement['reach']> {
  switch (via) {
    case 'balancers':
      return 'publicAddress';
    case 'private':
      return 'privateAddress';
    default:
      return via;
  }
}
