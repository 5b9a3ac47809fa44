import { X509Certificate } from 'node:crypto';
import type { ClientCertificate, Dial } from './mqttClients';
import type { Outputs } from './outputs';

type Credentials = Pick<Dial, 'username' | 'password' | 'provenName' | 'unknown'>;

/** How a client of one listener says who it is, by the outputs and the certificate at hand. */
export function credentials(
  listener: string,
  { access, users }: Outputs,
  clientCertificate: ClientCertificate | undefined,
): Credentials {
  const commonName = clientCertificate === undefined ? undefined : commonNameOf(clientCertificate);
  switch (access.listeners[listener]) {
    case 'anonymous':
      return {};
    case 'certificate':
      return commonName === undefined
        ? { unknown: 'not checked: clients are named by certificates; give --client-cert and --client-key' }
        : { provenName: commonName };
    default: {
      const asked = access.asks[listener] ?? [];
      if (!asked.includes('users'))
        return {
          unknown: `not checked: this listener asks by ${asked.join(', ')}, where no client is known here`,
        };
      if (access.userIdType === 'clientid')
        return {
          unknown: 'not checked: users are found by their client ids, of which many clients are needed here',
        };
      const user = users.find(({ username }) => username === commonName) ?? users[0];
      if (user === undefined)
        return { unknown: 'not checked: the output `users` names nobody; add one to emqx.authentication' };
      return { ...user, provenName: user.username };
    }
  }
}

function commonNameOf({ cert }: ClientCertificate): string | undefined {
  return /^CN=(.*)$/m.exec(new X509Certificate(cert).subject)?.[1];
}
