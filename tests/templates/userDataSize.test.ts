import { expect, it } from 'vitest';
import { balancerFiles } from '../../components/balancers/files';
import { userData } from '../../components/host/userData';
import { balancerView } from '../../proving/views';
import { makeCertificates } from '../../proving/certificates';
import { everything } from './options';

it('the user data of a balancer with every option on leaves 2 KiB of what EC2 takes for longer chains', async () => {
  const certificates = await makeCertificates();
  const tls = {
    minVersion: 'TLSv1.2',
    certificateChain: certificates.certificate + certificates.ca,
    ticketLifetimeSeconds: 86_400,
  } as const;
  const [secret] = balancerView().secrets;
  const secrets = ['ticket-master', 'haproxy.env', 'server.pem.key', 'ssh_host_ed25519_key'].flatMap((file) =>
    secret === undefined ? [] : [{ ...secret, file: `/etc/emqx-haproxy/secrets/${file}` }],
  );
  const { gzipped } = userData({
    hostname: 'balancer-a',
    operatingSystem: 'debian-13',
    packages: ['haproxy', 'keepalived'],
    aptRepositories: [],
    files: balancerFiles(balancerView({ ...everything(certificates), tls, secrets })),
    programsArns: ['arn:aws:secretsmanager:eu-central-1:123456789012:secret:mqtt-balancers-programs-0a1b2c3-AbCdEf'],
  });
  expect(gzipped.length).toBeLessThanOrEqual(14 * 1_024);
});
