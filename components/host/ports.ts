/** Ports that are the hosts' own. */
export const statsPort = 8888;
export const peersPort = 10000;
export const dashboardPort = 18083;
export const agentPort = 18084;
/** Erlang distribution and RPC between brokers; EMQX adds no offset, since node names end in no number. */
export const clusterPorts = [4370, 5370] as const;
export const sshPort = 22;
/** VRRP's own IP protocol, which needs a security group rule like any port. */
export const vrrpProtocol = '112';

export const balancerPorts: Readonly<Record<number, string>> = {
  [sshPort]: 'SSH',
  [statsPort]: 'the statistics page',
  [peersPort]: "the balancers' peers",
};

export const brokerPorts: Readonly<Record<number, string>> = {
  [sshPort]: 'SSH',
  [dashboardPort]: 'the dashboard and API',
  [agentPort]: 'the agent check',
  4369: 'epmd',
  [clusterPorts[0]]: 'Erlang distribution',
  [clusterPorts[1]]: 'RPC between brokers',
};
