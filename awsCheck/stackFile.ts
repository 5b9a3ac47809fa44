import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Configuration } from '../infra/configuration';
import { readConfiguration } from '../infra/configuration';
import { repositoryRoot } from '../proving/product';

const namespace = 'emqx-haproxy:';
const fileSchema = z.object({ config: z.record(z.string(), z.unknown()).default({}) });
const encrypted = z.object({ secure: z.string() });

/** A stack's configuration as its file has it. Secrets stay encrypted: no cost and no plan hangs on one. */
export function configurationOf(stack: string, folder: string = repositoryRoot): Configuration {
  const file = join(folder, `Pulumi.${stack}.yaml`);
  if (!existsSync(file))
    throw new Error(
      `there is no stack ${stack}; there are ${stacksIn(folder).join(', ')} (Pulumi.STACK.yaml)`,
    );
  const { config } = fileSchema.parse(parse(readFileSync(file, 'utf8')));
  const own = Object.entries(config).flatMap(([key, value]) =>
    key.startsWith(namespace) && !encrypted.safeParse(value).success
      ? [[key.slice(namespace.length), typeof value === 'string' ? value : JSON.stringify(value)] as const]
      : [],
  );
  return readConfiguration(Object.fromEntries(own));
}

function stacksIn(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
}
