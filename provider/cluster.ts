import type * as pulumi from '@pulumi/pulumi';
import { EmqxCluster, Problems, allowTowardsBrokers } from '../components';
import { planCluster } from '../components/brokers/plan';
import { checkAccount } from '../components/host/account';
import { planListeners } from '../components/listeners/plan';
import { checkCidrs } from '../components/network/addresses';
import { tagged } from '../components/rendering/naming';
import type { EmqxClusterAloneArgs } from './arguments';
import type { Made } from './made';
import { emqxClusterOutputs } from './outputs';
import { placedSubnets } from './placedSubnets';

/** Brokers behind balancers that another component made. */
export async function makeCluster(
  name: string,
  args: EmqxClusterAloneArgs,
  options: pulumi.ComponentResourceOptions,
): Promise<Made> {
  const problems = new Problems();
  const { proxyProtocol = true } = args;
  const listeners = planListeners(args.listeners, problems, { proxyProtocol });
  const subnets = await placedSubnets(args.subnets, 'subnets', problems);
  const plan = planCluster(args, { subnets, listeners, proxyProtocol }, problems);
  checkAccount(args, problems);
  checkCidrs('sshCidrs', args.sshCidrs ?? [], problems);
  checkCidrs('webCidrs', args.webCidrs ?? [], problems);
  problems.throwIfAny(`EmqxCluster ${name}`);
  const cluster = new EmqxCluster(name, { ...args, subnets, plan }, options);
  // Whoever made the balancers' group did not know that of the brokers yet.
  const { platform = name, tags, clientsGroupId } = args;
  allowTowardsBrokers(
    `${name}-clients`,
    clientsGroupId,
    cluster.securityGroupId,
    listeners,
    cluster,
    plan.encryption,
    tagged(platform, `${name}-clients`, tags),
  );
  return { resource: cluster, outputs: emqxClusterOutputs(cluster) };
}
