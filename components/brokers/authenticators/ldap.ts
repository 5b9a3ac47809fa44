import type * as pulumi from '@pulumi/pulumi';
import type { Problems } from '../../rendering/problems';
import type { PlannedAuthenticator } from './authenticator';
import type { ServerArgs } from './server';
import { planAddress, planServer } from './server';

/** Users in an LDAP directory. */
export interface LdapAuthenticationArgs extends ServerArgs {
  /** `HOST` or `HOST:PORT`, 389 by default, 636 with `tls`. */
  server: string;
  /** Whom the brokers bind as to search: a DN. */
  username: string;
  /** Its password. @secret */
  password: pulumi.Input<string>;
  /** Where clients are searched, such as `ou=devices,dc=example,dc=com`; placeholders such as `${username}` are replaced. */
  baseDn: string;
  /** Which of the entries there is the client's. @default `(&(objectClass=mqttUser)(uid=${username}))` */
  filter?: string;
  /** `bind` tries the client's password on the directory, `hash` compares with an attribute. @default `bind` */
  method?: 'bind' | 'hash';
  /** hash: the attribute. @default `userPassword` */
  passwordAttribute?: string;
}

export function planLdap(
  args: LdapAuthenticationArgs,
  path: string,
  problems: Problems,
): PlannedAuthenticator {
  const method = args.method ?? 'bind';
  problems.oneOf(`${path}.method`, method, ['bind', 'hash']);
  if (args.passwordAttribute !== undefined && method !== 'hash')
    problems.add(`${path}.passwordAttribute`, 'is for method hash; leave it out');
  const filter = args.filter ?? '(&(objectClass=mqttUser)(uid=${username}))';
  if (!/^\(.*\)$/s.test(filter))
    problems.add(
      `${path}.filter`,
      `is ${JSON.stringify(filter)}; a filter in parentheses such as (uid=\${username}) is allowed`,
    );
  if (![args.baseDn, filter].some((text) => /\$\{(username|clientid)\}/.test(text)))
    problems.add(
      `${path}.filter`,
      'names neither ${username} nor ${clientid}, and nor does baseDn: every client would be the same entry; add one',
    );
  const address = planAddress(args.server, args.tls === undefined ? 389 : 636, `${path}.server`, problems);
  const server = planServer(args, 'ldap', path, problems);
  return {
    settings: {
      mechanism: 'password_based',
      backend: 'ldap',
      server: address.text,
      username: args.username,
      base_dn: args.baseDn,
      filter,
      method:
        method === 'bind'
          ? { type: 'bind', bind_password: '${password}' }
          : { type: 'hash', password_attribute: args.passwordAttribute ?? 'userPassword' },
      ...server.settings,
    },
    files: server.files,
    reaches: [{ port: address.port, cidrs: server.cidrs }],
    provesUsername: true,
  };
}
