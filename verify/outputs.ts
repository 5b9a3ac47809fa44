import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const host = z.object({ name: z.string(), instanceId: z.string(), privateIp: z.string() });

const rule = z.object({
  permission: z.enum(['allow', 'deny']),
  who: z.object({
    user: z.string().optional(),
    clientId: z.string().optional(),
    cidrs: z.array(z.string()).optional(),
    anonymous: z.boolean().optional(),
  }),
  action: z.enum(['publish', 'subscribe', 'all']),
  topics: z.array(z.string()),
});

const schema = z.object({
  /** The VIP. */
  endpoint: z.string(),
  /** A URL by the listener's name: mqtt://, mqtts://, ws:// or wss://. */
  endpoints: z.record(z.string(), z.url()),
  brokers: z.array(host.extend({ nodeName: z.string() })).min(1),
  balancers: z.array(host).min(1),
  caCertificate: z.string(),
  ssh: z.object({
    user: z.string(),
    privateKey: z.string(),
    hosts: z.record(
      z.string(),
      z.object({ address: z.string(), hostKey: z.string(), jump: z.string().optional() }),
    ),
  }),
  users: z.array(z.object({ username: z.string(), password: z.string() })),
  /** How each listener finds out who a client is, and what clients may do. */
  access: z.object({
    listeners: z.record(z.string(), z.enum(['chain', 'certificate', 'anonymous'])),
    /** By what each listener's clients are asked, in order. */
    asks: z.record(z.string(), z.array(z.string())),
    userIdType: z.enum(['username', 'clientid']),
    superusers: z.array(z.string()),
    authorization: z.object({
      rules: z.array(rule),
      noMatch: z.enum(['allow', 'deny']),
      denyAction: z.enum(['ignore', 'disconnect']),
    }),
  }),
  /** `s3://BUCKET/PREFIX`; absent without backups. */
  backups: z.string().optional(),
  /** SHA-256 by path, by host. */
  hostFiles: z.record(z.string(), z.string()),
});

/** What verify needs of a stack's outputs; a stack may have more. */
export type Outputs = z.infer<typeof schema>;

/** Reads the outputs as `pulumi stack output --json --show-secrets` prints them; says all that is missing at once. */
export function parseOutputs(json: string): Outputs {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Error('the stack outputs are no JSON; pipe in `pulumi stack output --json --show-secrets`');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new Error(
    [
      'the stack outputs are not those of an emqx-haproxy stack (secrets need --show-secrets):',
      ...issues,
    ].join('\n'),
  );
}

/** The outputs from standard input when something is piped in, else from the stack that Pulumi has selected. */
export async function readOutputs(stack: string | undefined): Promise<Outputs> {
  const piped = process.stdin.isTTY || stack !== undefined ? '' : await text(process.stdin);
  return parseOutputs(piped.trim() === '' ? await askPulumi(stack) : piped);
}

async function askPulumi(stack: string | undefined): Promise<string> {
  const args = [
    'stack',
    'output',
    '--json',
    '--show-secrets',
    ...(stack === undefined ? [] : ['--stack', stack]),
  ];
  const child = spawn('pulumi', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((done, failed) => {
    child.on('error', (error) =>
      failed(new Error(`cannot run pulumi: ${error.message}; or pipe the outputs in`)),
    );
    child.on('close', done);
  });
  const [output, code] = await Promise.all([text(child.stdout), ended]);
  if (code !== 0) throw new Error(`pulumi ${args.join(' ')} ended with exit code ${String(code)}`);
  return output;
}
