import * as pulumi from '@pulumi/pulumi';
import { HaproxyPair, Problems, VirtualIp, planBrokers, planVirtualIp } from '../components';
import type { NetworkSubnet, PlannedVirtualIp } from '../components';
import { planPair } from '../components/balancers/plan';
import { reachOfBalancers } from '../components/balancers/reach';
import { pemProblem } from '../components/certificates/pem';
import { checkAccount } from '../components/host/account';
import type { SshPlan } from '../components/host/ssh';
import { planSsh } from '../components/host/ssh';
import { planListeners } from '../components/listeners/plan';
import { checkCidrs } from '../components/network/addresses';
import { checkSubnets } from '../components/network/zones';
import { clientCidrs, isPublic } from '../components/virtualIp/plan';
import type { HaproxyPairAloneArgs, PairCertificatesArgs } from './arguments';
import type { Made } from './made';
import { haproxyPairOutputs } from './outputs';
import { placedSubnets } from './placedSubnets';
import { knownText } from './settle';

/** Two balancers with their address, before brokers whose addresses are planned here as their cluster plans them. */
export async function makePair(
  name: string,
  { virtualIp: address = {}, certificates, ...args }: HaproxyPairAloneArgs,
  options: pulumi.ComponentResourceOptions,
): Promise<Made> {
  const problems = new Problems();
  const vpcCidr = await knownText(args.vpcCidr, 'vpcCidr', problems);
  const vpcCidrs = [vpcCidr, ...(args.furtherVpcCidrs ?? [])];
  const subnets = await placedSubnets(args.subnets, 'subnets', problems);
  const brokerSubnets = await placedSubnets(args.brokerSubnets, 'brokerSubnets', problems);
  // Once more, for how they lie in the VPC and beside each other: only of ranges that are some.
  if (problems.all.length === 0)
    checkSubnets(
      vpcCidrs,
      [...placesOf('subnets', subnets), ...placesOf('brokerSubnets', brokerSubnets)],
      '',
      problems,
    );
  const network = { vpcCidr, vpcCidrs, balancerSubnets: subnets, routeTableIds: {} };
  const virtualIpPlan = planVirtualIp(
    address,
    { vpcCidrs, balancerSubnets: subnets, hasRouteTables: false },
    'virtualIp',
    problems,
  );
  const { proxyProtocol = true, publicAddresses = true } = args;
  const listeners = planListeners(args.listeners, problems, {
    proxyProtocol,
    clientCidrs: clientCidrs(virtualIpPlan, vpcCidrs),
  });
  const brokers = planBrokers(args.brokers ?? 3, brokerSubnets, 'brokers', problems);
  const plan = planPair(
    args,
    { subnets, subnetsPath: 'subnets', listeners, brokers, proxyProtocol, publicAddresses },
    problems,
  );
  const ssh = planSsh(args.ssh, 'ssh', problems);
  checkPublicAddresses(publicAddresses, virtualIpPlan, ssh.via, problems);
  checkAccount(args, problems);
  const { certificateChain } = certificates;
  const notPem =
    typeof certificateChain === 'string' ? pemProblem(certificateChain, 'CERTIFICATE') : undefined;
  if (notPem !== undefined) problems.add('certificates.certificateChain', notPem);
  checkCidrs('webCidrs', args.webCidrs ?? [], problems);
  problems.throwIfAny(`HaproxyPair ${name}`);

  const { platform = name, activeBalancer, stats, tags, protect } = args;
  const common = {
    ...(tags === undefined ? {} : { tags }),
    ...(protect === undefined ? {} : { protect }),
  };
  const resource = new HaproxyPair(
    name,
    {
      ...args,
      plan,
      subnets,
      certificates: serverCertificates(certificates),
      virtualIp: (pair) =>
        new VirtualIp(
          `${name}-vip`,
          { ...common, ...address, platform, network, plan: virtualIpPlan },
          { parent: pair },
        ),
      sshCidrs: ssh.allowedCidrs,
      reach: reachOfBalancers(args.ssh),
      ...(stats?.password === undefined ? {} : { statsPassword: stats.password }),
      ...(activeBalancer === undefined ? {} : { active: activeBalancer }),
    },
    options,
  );
  return { resource, outputs: haproxyPairOutputs(resource) };
}

function placesOf(path: string, subnets: readonly NetworkSubnet[]) {
  return subnets.map((subnet, index) => ({ path: `${path}[${index}]`, ...subnet }));
}

function serverCertificates({ certificateChain, privateKey, further = [] }: PairCertificatesArgs) {
  return {
    certificateChain: pulumi.output(certificateChain),
    privateKey: pulumi.secret(privateKey),
    further: further.map((each) => ({
      certificateChain: pulumi.output(each.certificateChain),
      privateKey: pulumi.secret(each.privateKey),
    })),
  };
}

function checkPublicAddresses(
  publicAddresses: boolean,
  virtualIp: PlannedVirtualIp,
  via: SshPlan['via'],
  problems: Problems,
): void {
  if (publicAddresses) return;
  if (isPublic(virtualIp))
    problems.add(
      'publicAddresses',
      'is false, and the virtual IP is public: balancers answer clients from the internet by addresses of their own; leave it out, or give virtualIp.mode route or privateIp',
    );
  if (via === 'balancers')
    problems.add(
      'publicAddresses',
      'is false, and pulumi up reaches balancers on these addresses; leave it out, or give ssh.via',
    );
}
