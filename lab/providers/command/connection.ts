import { z } from 'zod';

const endpoint = {
  host: z.string().min(1),
  port: z.number().int().min(1).max(65535).default(22),
  user: z.string().default('root'),
  password: z.string().optional(),
  privateKey: z.string().optional(),
  privateKeyPassword: z.string().optional(),
  /** One line as in known_hosts or a .pub file: type and key. Without it any key is taken. */
  hostKey: z.string().optional(),
  agentSocketPath: z.string().optional(),
  /** How many dials may fail; -1 is without end. */
  dialErrorLimit: z.number().int().min(-1).default(10),
  /** Seconds; 0 is without end. */
  perDialTimeout: z.number().min(0).default(15),
};

const endpointSchema = z.strictObject(endpoint);

/** The input `connection`. */
export const connectionSchema = z.strictObject({ ...endpoint, proxy: endpointSchema.optional() });

export type Connection = z.infer<typeof connectionSchema>;
export type Endpoint = z.infer<typeof endpointSchema>;

/** The key alone, of any text that names it: `type key`, `type key comment`, or a known_hosts line. */
export function hostKeyBytes(hostKey: string): Buffer {
  const fields = hostKey.trim().split(/\s+/);
  const type = fields.findIndex((field) => /^(ssh-|ecdsa-sha2-|sk-)/.test(field));
  const key = fields[type + 1];
  if (type === -1 || key === undefined) {
    throw new Error(
      `hostKey is not a public key: it should read "ssh-ed25519 AAAA...", and begins with "${hostKey.slice(0, 20)}"`,
    );
  }
  return Buffer.from(key, 'base64');
}
