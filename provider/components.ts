import type * as pulumi from '@pulumi/pulumi';
import { Certificates, Network, Problems, VirtualIp } from '../components';
import type { MqttPlatformArgs, NetworkArgs } from '../components';
import type {
  BalancerNetworkArgs,
  CertificatesAloneArgs,
  EmqxClusterAloneArgs,
  HaproxyPairAloneArgs,
  NetworkAloneArgs,
  VirtualIpAloneArgs,
} from './arguments';
import { makeCluster } from './cluster';
import type { Made } from './made';
import type { ComponentOutputs } from './outputs';
import { certificatesOutputs, networkOutputs, virtualIpOutputs } from './outputs';
import { makePair } from './pair';
import { makePlatform } from './platform';
import { placedSubnets } from './placedSubnets';
import { knownText } from './settle';

/** How a component of the package's schema is made. */
export interface ServedComponent {
  make(name: string, args: object, options: pulumi.ComponentResourceOptions): Promise<Made>;
  readonly elsewhere?: (args: object) => Moved;
}

/** What paths in a component's problems begin with, and the place that its arguments have here. */
export interface Moved {
  readonly from: string;
  readonly to: string;
}

/** The components that are served, by their names in the schema. */
export const servedComponents: Readonly<Record<keyof ComponentOutputs, ServedComponent>> = {
  MqttPlatform: served<MqttPlatformArgs>(makePlatform),
  Network: served<NetworkAloneArgs>(
    (name, args, options) => {
      refuseBoth(`Network ${name}`, args, 'newNetwork', 'adoptedNetwork');
      const form: NetworkArgs = args.newNetwork ?? args.adoptedNetwork ?? {};
      const resource = new Network(name, form, options);
      return { resource, outputs: networkOutputs(resource) };
    },
    ({ adoptedNetwork }) => ({
      from: 'network',
      to: adoptedNetwork === undefined ? 'newNetwork' : 'adoptedNetwork',
    }),
  ),
  Certificates: served<CertificatesAloneArgs>(
    (name, args, options) => {
      refuseBoth(`Certificates ${name}`, args, 'generatedCertificates', 'givenCertificate');
      const form = args.givenCertificate ?? args.generatedCertificates ?? {};
      const resource = new Certificates(name, { ...form, ipAddresses: args.ipAddresses }, options);
      return { resource, outputs: certificatesOutputs(resource) };
    },
    ({ givenCertificate }) => ({
      from: 'certificates',
      to: givenCertificate === undefined ? 'generatedCertificates' : 'givenCertificate',
    }),
  ),
  VirtualIp: served<VirtualIpAloneArgs>(
    async (name, { network, ...args }, options) => {
      const placement =
        network === undefined ? {} : { network: await balancerNetwork(`VirtualIp ${name}`, network) };
      const resource = new VirtualIp(name, { ...args, ...placement }, options);
      return { resource, outputs: virtualIpOutputs(resource) };
    },
    () => ({ from: 'virtualIp', to: '' }),
  ),
  HaproxyPair: served<HaproxyPairAloneArgs>(makePair, () => ({ from: 'haproxy', to: '' })),
  EmqxCluster: served<EmqxClusterAloneArgs>(makeCluster, () => ({ from: 'emqx', to: '' })),
};

/** Arguments have been read along the schema, which is derived from their type. */
function served<Args extends object>(
  make: (name: string, args: Args, options: pulumi.ComponentResourceOptions) => Made | Promise<Made>,
  elsewhere?: (args: Args) => Moved,
): ServedComponent {
  return {
    make: async (name, args, options) => make(name, args as Args, options),
    ...(elsewhere === undefined ? {} : { elsewhere: (args) => elsewhere(args as Args) }),
  };
}

function refuseBoth<Args extends object>(
  what: string,
  args: Args,
  one: keyof Args & string,
  other: keyof Args & string,
): void {
  const problems = new Problems();
  if (args[one] !== undefined && args[other] !== undefined)
    problems.add(other, `does not go together with ${one}; leave out either`);
  problems.throwIfAny(what);
}

/** The network that a VirtualIp is told of; its route tables are an argument of their own here. */
async function balancerNetwork(what: string, { vpcCidr, balancerSubnets }: BalancerNetworkArgs) {
  const problems = new Problems();
  const network = {
    vpcCidr: await knownText(vpcCidr, 'network.vpcCidr', problems),
    balancerSubnets: await placedSubnets(balancerSubnets, 'network.balancerSubnets', problems),
    routeTableIds: {},
  };
  problems.throwIfAny(what);
  return network;
}
