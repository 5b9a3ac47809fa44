import * as aws from '@pulumi/aws';
import type * as pulumi from '@pulumi/pulumi';
import type { Tags } from '../rendering/naming';
import { sshPort } from './ssh';

/** Where traffic comes from or goes to. */
export type Peer =
  | { readonly name: string; readonly cidr: string }
  | { readonly name: string; readonly groupId: pulumi.Input<string> };

/** One rule: a port, a row of ports or an IP protocol, and the peer. */
export interface Rule {
  readonly direction: 'from' | 'to';
  readonly what: { readonly port: number; readonly last?: number } | { readonly protocol: string };
  readonly peer: Peer;
}

/** A security group with no rule of its own: rules are resources, so that two groups can name each other. */
export function securityGroup(
  name: string,
  vpcId: pulumi.Input<string>,
  description: string,
  tags: Tags,
  parent: pulumi.Resource,
): aws.ec2.SecurityGroup {
  return new aws.ec2.SecurityGroup(name, { vpcId, description, tags: { ...tags, Name: name } }, { parent });
}

/** Makes the rules of a group; each is named by what it lets through, so that a diff reads by itself. */
export function allow(
  name: string,
  securityGroupId: pulumi.Input<string>,
  rules: readonly Rule[],
  parent: pulumi.Resource,
): readonly pulumi.Resource[] {
  return rules.map(({ direction, what, peer }) => {
    const label = 'port' in what ? portLabel(what) : `protocol-${what.protocol}`;
    const args = {
      securityGroupId,
      ...('port' in what
        ? { ipProtocol: 'tcp', fromPort: what.port, toPort: what.last ?? what.port }
        : { ipProtocol: what.protocol }),
      ...('cidr' in peer ? { cidrIpv4: peer.cidr } : { referencedSecurityGroupId: peer.groupId }),
    };
    const suffix = `${label}-${direction}-${peer.name}`;
    return direction === 'from'
      ? new aws.vpc.SecurityGroupIngressRule(`${name}-${suffix}`, args, { parent })
      : new aws.vpc.SecurityGroupEgressRule(`${name}-${suffix}`, args, { parent });
  });
}

function portLabel({ port, last = port }: { readonly port: number; readonly last?: number }): string {
  return last === port ? `${port}` : `${port}-${last}`;
}

/** A range as a peer, named after itself. */
export function range(cidr: string): Peer {
  return { name: cidr.replace(/[./]/g, '-'), cidr };
}

/** What every host needs on the way out: package repositories and AWS's API, over HTTP and HTTPS. */
export const outboundWeb: readonly Rule[] = [80, 443].map((port) => ({
  direction: 'to',
  what: { port },
  peer: range('0.0.0.0/0'),
}));

export function sshFrom(peers: readonly Peer[]): readonly Rule[] {
  return peers.map((peer) => ({ direction: 'from', what: { port: sshPort }, peer }));
}
