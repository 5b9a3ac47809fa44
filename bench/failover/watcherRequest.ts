import { z } from 'zod';

const moment = z.number();

/** What the benchmark asks of the process that sees the service as its clients do. Moments: ms since the epoch. */
export const requestSchema = z.discriminatedUnion('call', [
  z.object({ call: z.literal('isServed'), since: moment }),
  z.object({ call: z.literal('longestGap'), from: moment, to: moment }),
  z.object({ call: z.literal('servedAfter'), moment }),
  z.object({ call: z.literal('connectClients'), keepaliveSeconds: z.number() }),
  z.object({ call: z.literal('areClientsServed'), faultAt: moment, restoredAt: moment }),
  z.object({ call: z.literal('clientOutage'), faultAt: moment, restoredAt: moment }),
]);

export type WatcherRequest = z.infer<typeof requestSchema>;

export const numberedRequestSchema = z.object({ id: z.number(), request: requestSchema });

export const replySchema = z.object({
  id: z.number(),
  result: z.unknown().optional(),
  error: z.string().optional(),
});

export type Reply = z.infer<typeof replySchema>;
