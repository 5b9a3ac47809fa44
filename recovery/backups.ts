import { z } from 'zod';

const told = z.object({
  bucket: z.string(),
  prefix: z.string(),
  everyHours: z.number(),
  now: z.number(),
  backups: z.array(z.object({ key: z.string(), size: z.number(), modified: z.number() })),
});

/** What a broker tells of the bucket as lines, the youngest last. */
export function listed(answer: string): string {
  const { bucket, prefix, everyHours, now, backups } = told.parse(JSON.parse(answer));
  if (backups.length === 0)
    return `s3://${bucket}/${prefix} has no backups yet; the brokers make one every ${everyHours} hours, and \`npm run backup\` makes one now\n`;
  const width = Math.max(...backups.map(({ size }) => String(size).length));
  const lines = backups.map(
    ({ key, size, modified }) => `${age(now - modified)}  ${String(size).padStart(width)} bytes  ${key}\n`,
  );
  return [`in s3://${bucket}/, the youngest last:\n`, ...lines].join('');
}

function age(seconds: number): string {
  const hours = seconds / 3600;
  const [number, unit] = hours < 48 ? [hours, 'h'] : [hours / 24, 'd'];
  return `${number.toFixed(1).padStart(6)} ${unit} old`;
}
