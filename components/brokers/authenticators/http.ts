import type * as pulumi from '@pulumi/pulumi';
import type { Problems } from '../../rendering/problems';
import type { PlannedAuthenticator } from './authenticator';
import type { ServerArgs } from './server';
import { planServer } from './server';

/**
 * A service of yours that is asked over HTTP. It answers 200 with {"result": "allow"}, "deny", or "ignore" for the
 * next in the list; one that cannot be reached is passed over, and who is named nowhere is not let in.
 */
export interface HttpAuthenticationArgs extends ServerArgs {
  /** Its URL, `https://auth.example.com/mqtt`. The password goes there: in the clear with `http:`. */
  url: string;
  /** `post` or `get`. @default `post` */
  method?: 'post' | 'get';
  /** Headers, by name. @secret @default none of yours */
  headers?: Record<string, pulumi.Input<string>>;
  /** What is sent, by field. @default `clientid`, `username` and `password` of the client */
  body?: Record<string, string>;
  /** How long an answer may take, in milliseconds, 100 to 60,000: so long every client waits while the service hangs. @default 5000 */
  timeoutMs?: number;
}

export function planHttpAuthentication(
  args: HttpAuthenticationArgs,
  path: string,
  problems: Problems,
): PlannedAuthenticator {
  const port = urlPort(args.url, `${path}.url`, problems);
  const isTls = args.url.startsWith('https:');
  if (args.tls !== undefined && !isTls)
    problems.add(`${path}.tls`, 'needs a url with https:; leave it out, or change the url');
  const method = args.method ?? 'post';
  problems.oneOf(`${path}.method`, method, ['post', 'get']);
  const timeoutMs = args.timeoutMs ?? 5000;
  problems.wholeNumber(`${path}.timeoutMs`, timeoutMs, 100, 60_000, 'milliseconds');
  const server = planServer(
    isTls ? { ...args, tls: args.tls ?? {} } : args,
    'http-authentication',
    path,
    problems,
  );
  return {
    settings: {
      mechanism: 'password_based',
      backend: 'http',
      method,
      url: args.url,
      body: args.body ?? { clientid: '${clientid}', username: '${username}', password: '${password}' },
      request_timeout: `${timeoutMs}ms`,
      ...server.settings,
    },
    files: server.files,
    reaches: [{ port, cidrs: server.cidrs }],
    provesUsername: true,
  };
}

/** The port of an HTTP URL. */
export function urlPort(text: string, path: string, problems: Problems): number {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '') {
    problems.add(
      path,
      `is ${JSON.stringify(text)}; a URL with http: or https:, without a password, is allowed`,
    );
    return 443;
  }
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}
