import type { BalancerView } from '../../components/balancers/view';
import { Identity } from '../identities';
import type { Stage } from './stage';

/** Gives a stage's balancer the keys of two server certificates of a CA, by ECDSA and by RSA; what it shows them with. */
export async function twoCertificates(stage: Stage, authority: Identity): Promise<BalancerView['tls']> {
  const signed = { signer: authority, dnsNames: ['localhost'] };
  const [ecdsa, rsa] = await Promise.all([
    Identity.make('by ECDSA', signed),
    Identity.make('by RSA', { ...signed, rsaBits: 2_048 }),
  ]);
  for (const [file, { key }] of [
    ['server', ecdsa],
    ['server-2', rsa],
  ] as const)
    await stage.balancer().machine.write(`/etc/haproxy/certs/${file}.pem.key`, key, '0600');
  return {
    minVersion: 'TLSv1.2',
    ticketLifetimeSeconds: 3_600,
    certificateChain: ecdsa.pem,
    furtherChains: [rsa.pem],
  };
}
