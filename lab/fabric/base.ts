import { existsSync, readdirSync } from 'node:fs';
import { run } from '../process';
import {
  apiAddress,
  devices,
  elasticIpNetwork,
  igwNamespace,
  igwTransitAddress,
  namespacePath,
  namespacePrefix,
  regionNetwork,
  routerNamespace,
  routerTransitAddress,
  runnerAddress,
  runnerPrefixLength,
  transitPrefixLength,
} from './addresses';
import { refuseHostNetworks, type HostDevice } from './hostNetworks';

/** High, so that any route of the lab itself goes before: what is sent to a lab that is down stays on this machine. */
const guardMetric = 1_000_000;

/**
 * The part of the network that is there with no VPC: internet gateway, router, and the links between them and the
 * root namespace. Idempotent; a half-made base is made anew. The host's own settings stay as they are.
 */
export async function raiseBase(): Promise<void> {
  refuseHostNetworks(JSON.parse(await run('ip', ['-4', '-json', 'address'])) as readonly HostDevice[]);
  if (await baseIsUp()) return;
  await lowerBase();
  await run('sh', ['-e'], { input: raiseScript() });
}

/**
 * Removes every namespace and device of the lab, those of hosts included; ends no process. Two `unreachable` routes
 * of the root namespace stay on purpose: they keep traffic to the lab's networks from leaving by the default route.
 */
export async function lowerBase(): Promise<void> {
  const namespaces = labNamespaces();
  const script = [
    `ip link show ${devices.runner} >/dev/null 2>&1 && ip link del ${devices.runner}`,
    ...namespaces.map((namespace) => `ip netns del ${namespace}`),
    'true',
  ];
  await run('sh', [], { input: script.join('\n') });
  const left = labNamespaces();
  if (left.length > 0) throw new Error(`fabric: could not remove the namespaces ${left.join(', ')}`);
}

/** True when the base is whole: its last step has been made, and neither of its links has gone since. */
export async function baseIsUp(): Promise<boolean> {
  if (![igwNamespace, routerNamespace].every((name) => existsSync(namespacePath(name)))) return false;
  const [lastStep, innerLink] = await Promise.all([
    run('ip', ['-4', 'route', 'show', elasticIpNetwork, 'dev', devices.runner]).catch(() => ''),
    run('ip', ['-n', routerNamespace, 'link', 'show', devices.routerToIgw]).catch(() => ''),
  ]);
  return lastStep.trim() !== '' && innerLink.trim() !== '';
}

/** The namespaces of this machine that belong to the lab. */
export function labNamespaces(): string[] {
  if (!existsSync(namespacePath(''))) return [];
  return readdirSync(namespacePath('')).filter((name) => name.startsWith(namespacePrefix));
}

function raiseScript(): string {
  const root = devices.runner;
  return [
    ...[regionNetwork, elasticIpNetwork].map(
      (network) => `ip route replace unreachable ${network} metric ${guardMetric}`,
    ),
    ...[igwNamespace, routerNamespace].flatMap((namespace) => [
      `ip netns add ${namespace}`,
      `nsenter --net=${namespacePath(namespace)} sh -e <<'END'`,
      ...routerSettings(),
      'ip link set lo up',
      'END',
    ]),
    `ip link add ${root} type veth peer name ${devices.igwToRunner} netns ${igwNamespace}`,
    `ip -n ${igwNamespace} link add ${devices.igwToRouter} type veth peer name ${devices.routerToIgw} netns ${routerNamespace}`,
    `ip -n ${igwNamespace} address add ${apiAddress}/${runnerPrefixLength} dev ${devices.igwToRunner}`,
    `ip -n ${igwNamespace} address add ${igwTransitAddress}/${transitPrefixLength} dev ${devices.igwToRouter}`,
    `ip -n ${routerNamespace} address add ${routerTransitAddress}/${transitPrefixLength} dev ${devices.routerToIgw}`,
    `ip -n ${igwNamespace} link set ${devices.igwToRunner} up`,
    `ip -n ${igwNamespace} link set ${devices.igwToRouter} up`,
    `ip -n ${routerNamespace} link set ${devices.routerToIgw} up`,
    // Also for the gateway's own answers: their destination is still public when the route is looked up.
    `ip -n ${igwNamespace} route add ${elasticIpNetwork} via ${routerTransitAddress} dev ${devices.igwToRouter}`,
    `ip address add ${runnerAddress}/${runnerPrefixLength} dev ${root}`,
    `ip link set ${root} up`,
    // baseIsUp looks for this one, so it comes last.
    `ip route add ${elasticIpNetwork} via ${apiAddress} dev ${root}`,
  ].join('\n');
}

/** In the two forwarding namespaces only. */
function routerSettings(): string[] {
  const settings: Record<string, number> = {
    'ipv4/ip_forward': 1,
    // Ways out and back differ (NAT gateway), and spoofed sources are the router's own rules' business.
    'ipv4/conf/all/rp_filter': 0,
    'ipv4/conf/default/rp_filter': 0,
    'ipv4/conf/all/send_redirects': 0,
    'ipv4/conf/default/send_redirects': 0,
    'ipv6/conf/all/disable_ipv6': 1,
    'ipv6/conf/default/disable_ipv6': 1,
    // The RST of a host that took over an address is out of the old connection's window, and still has to pass.
    'netfilter/nf_conntrack_tcp_be_liberal': 1,
  };
  return Object.entries(settings).map(([key, value]) => `echo ${value} > /proc/sys/net/${key}`);
}
