import { sshPort } from '../host/ssh';

/** Ports that are a balancer's own. */
export const statsPort = 8888;
export const peersPort = 10000;
/** VRRP's own IP protocol, which needs a security group rule like any port. */
export const vrrpProtocol = '112';

export const balancerPorts: Readonly<Record<number, string>> = {
  [sshPort]: 'SSH',
  [statsPort]: 'the statistics page',
  [peersPort]: "the balancers' peers",
};
