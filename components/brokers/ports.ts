import { sshPort } from '../host/ssh';

/** Ports that are a broker's own. */
export const dashboardPort = 18083;
export const agentPort = 18084;
/** Erlang distribution and RPC between brokers; EMQX adds no offset, since node names end in no number. */
export const clusterPorts = [4370, 5370] as const;

export const brokerPorts: Readonly<Record<number, string>> = {
  [sshPort]: 'SSH',
  [dashboardPort]: 'the dashboard and API',
  [agentPort]: 'the agent check',
  4369: 'epmd',
  [clusterPorts[0]]: 'Erlang distribution',
  [clusterPorts[1]]: 'RPC between brokers',
};
