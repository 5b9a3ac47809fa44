import type * as pulumi from '@pulumi/pulumi';
import { everywhere } from '../network/addresses';
import { sshPort } from './ssh';

/** Where traffic comes from or goes to. */
export type Peer =
  | { readonly name: string; readonly cidr: string }
  | { readonly name: string; readonly groupId: pulumi.Input<string> };

/** One rule: a port, a row of ports or an IP protocol, and the peer. */
export interface Rule {
  readonly direction: 'from' | 'to';
  readonly what:
    { readonly port: number; readonly last?: number; readonly isUdp?: true } | { readonly protocol: string };
  readonly peer: Peer;
}

/** What a rule lets through, as its resource is named. */
export function labelOf({ direction, what, peer }: Rule): string {
  return `${'port' in what ? portLabel(what) : `protocol-${what.protocol}`}-${direction}-${peer.name}`;
}

function portLabel({ port, last = port, isUdp }: Extract<Rule['what'], { port: number }>): string {
  return `${isUdp === true ? 'udp-' : ''}${last === port ? port : `${port}-${last}`}`;
}

/** A range as a peer, named after itself. */
export function range(cidr: string): Peer {
  return { name: cidr.replace(/[./]/g, '-'), cidr };
}

/** What every host needs on the way out: package repositories and AWS's API, over HTTP and HTTPS. */
export function outboundWeb(cidrs: readonly string[] = [everywhere]): readonly Rule[] {
  return cidrs.flatMap((cidr) =>
    [80, 443].map((port): Rule => ({ direction: 'to', what: { port }, peer: range(cidr) })),
  );
}

export function sshFrom(peers: readonly Peer[]): readonly Rule[] {
  return peers.map((peer) => ({ direction: 'from', what: { port: sshPort }, peer }));
}
