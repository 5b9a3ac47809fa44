import type * as pulumi from '@pulumi/pulumi';
import type { Problems } from '../../rendering/problems';
import type { HoconObject } from '../hocon';
import type { PlannedAuthenticator } from './authenticator';
import { urlPort } from './http';
import type { ServerTlsArgs } from './server';
import { planServer } from './server';

/** Tokens (JWT) that clients show; one of `secret`, `publicKey` and `jwksUrl` checks their signature. */
export interface JwtArgs {
  /** The secret of an HMAC. @secret @default none */
  secret?: pulumi.Input<string>;
  /** True where `secret` is in base64. @default false */
  secretIsBase64?: boolean;
  /** PEM of the public key. @default none */
  publicKey?: string;
  /** URL of a JSON Web Key Set. @default none */
  jwksUrl?: string;
  /** jwksUrl: how often the keys are fetched, in seconds, 10 to 86400. @default 300 */
  refreshSeconds?: number;
  /** jwksUrl: how the server is trusted. @default the CAs that the brokers' operating system trusts */
  tls?: ServerTlsArgs;
  /** jwksUrl: IPv4 ranges that the server lies in. @default [`0.0.0.0/0`] */
  cidrs?: string[];
  /** Where a client puts its token: `password` or `username`. @default `password` */
  from?: 'password' | 'username';
  /**
   * Claims that a token must have, by name, such as {"sub": "${username}"}; `${username}` and `${clientid}` stand for
   * the client's own. `exp` and `nbf` are always checked where a token has them. Without a claim that is `${username}`
   * any token's holder may choose its user name, so rules that go by user names are refused.
   * @default none
   */
  verifyClaims?: Record<string, string>;
  /** The claim that brings rules of its own, looked at before `emqx.authorization`. @default `acl` */
  aclClaim?: string;
  /** False lets a client stay when its token expires. @default true */
  disconnectAfterExpire?: boolean;
}

export function planJwt(args: JwtArgs, path: string, problems: Problems): PlannedAuthenticator {
  const given = (['secret', 'publicKey', 'jwksUrl'] as const).filter((key) => args[key] !== undefined);
  if (given.length !== 1)
    problems.add(
      path,
      `has ${given.length === 0 ? 'none' : given.join(' and ')} of secret, publicKey and jwksUrl; give one, which checks the signature`,
    );
  if (args.secretIsBase64 !== undefined && args.secret === undefined)
    problems.add(`${path}.secretIsBase64`, 'is for secret; leave it out');
  for (const key of ['refreshSeconds', 'tls', 'cidrs'] as const)
    if (args[key] !== undefined && args.jwksUrl === undefined)
      problems.add(`${path}.${key}`, 'is for jwksUrl; leave it out');
  const from = args.from ?? 'password';
  problems.oneOf(`${path}.from`, from, ['password', 'username']);
  for (const claim of Object.keys(args.verifyClaims ?? {}))
    if (['', 'exp', 'iat', 'nbf'].includes(claim))
      problems.add(
        `${path}.verifyClaims`,
        `has ${JSON.stringify(claim)}, which EMQX checks itself; leave it out`,
      );
  const key = signatureKey(args, path, problems);
  return {
    ...key,
    settings: {
      mechanism: 'jwt',
      from,
      ...key.settings,
      verify_claims: args.verifyClaims ?? {},
      acl_claim_name: args.aclClaim ?? 'acl',
      disconnect_after_expire: args.disconnectAfterExpire ?? true,
    },
    // With the token as user name no rule can name anyone.
    provesUsername: from === 'username' || Object.values(args.verifyClaims ?? {}).includes('${username}'),
  };
}

function signatureKey(
  args: JwtArgs,
  path: string,
  problems: Problems,
): Omit<PlannedAuthenticator, 'settings' | 'provesUsername'> & { readonly settings: HoconObject } {
  if (args.jwksUrl !== undefined) {
    const refreshSeconds = args.refreshSeconds ?? 300;
    problems.wholeNumber(`${path}.refreshSeconds`, refreshSeconds, 10, 86_400, 'seconds');
    const port = urlPort(args.jwksUrl, `${path}.jwksUrl`, problems);
    const tls = args.jwksUrl.startsWith('https:') ? { tls: args.tls ?? {} } : {};
    const server = planServer(
      { ...tls, ...(args.cidrs === undefined ? {} : { cidrs: args.cidrs }) },
      'jwks',
      path,
      problems,
    );
    return {
      settings: {
        use_jwks: true,
        endpoint: args.jwksUrl,
        refresh_interval: refreshSeconds,
        ...server.settings,
      },
      files: server.files,
      reaches: [{ port, cidrs: server.cidrs }],
    };
  }
  if (args.publicKey !== undefined) {
    if (!/-----BEGIN (RSA |EC )?PUBLIC KEY-----/.test(args.publicKey))
      problems.add(
        `${path}.publicKey`,
        'is no PEM public key; give the text that begins with -----BEGIN PUBLIC KEY-----',
      );
    const settings = { use_jwks: false, algorithm: 'public-key', public_key: args.publicKey };
    return { settings, files: [], reaches: [] };
  }
  return {
    settings: {
      use_jwks: false,
      algorithm: 'hmac-based',
      secret_base64_encoded: args.secretIsBase64 ?? false,
    },
    files: [],
    reaches: [],
  };
}
