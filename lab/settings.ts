import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { repositories } from './packages/repositories';

/** Beside a program's Pulumi.yaml; need not exist. */
export const settingsFile = 'lab.yaml';

const operatingSystems = ['debian-12', 'debian-13'] as const;
const words = z.array(z.string().min(1));
const page = z.strictObject({
  url: z.string().min(1),
  user: z.string().min(1).optional(),
  password: z.string().min(1).optional(),
});

const schema = z.strictObject({
  /**
   * Debian packages that the program's hosts install by name; what these depend on and recommend comes along. None by
   * default: a host has what its image has.
   */
  packages: words.default([]),
  /** Repositories of others that the lab serves in their place: `emqx`. None by default. */
  repositories: z.array(z.enum(Object.keys(repositories))).default([]),
  /**
   * What hosts run, to be ready before the program is. By default the systems that the configuration of the stack
   * names, and where it names none, debian-13.
   */
  operatingSystems: z.array(z.enum(operatingSystems)).min(1).optional(),
  /**
   * The command of the verb `verify`, run in the program's folder with the stack's outputs as JSON on its standard
   * input; its exit code is the verdict. By default there is none.
   */
  verify: words.min(1).optional(),
  /**
   * What the verb `open` shows, by name: the URL of a page on a host of the program, and who logs in there. `${name}` is
   * the stack's output of that name, `${brokers[0].privateIp}` a part of one. None by default.
   */
  pages: z.record(z.string(), page).default({}),
  /**
   * Lines that `start` ends with: what can be tried now. References are as in `pages`; a line about an output that the
   * stack has not is left out. None by default.
   */
  next: words.default([]),
  /**
   * Guards the secrets in the state of a lab that anyone can throw away and make again, and those in Pulumi.lab.yaml.
   * It is no secret: the state lies beside it. `lab` by default.
   */
  passphrase: z.string().min(1).default('lab'),
});

/** What a program needs of the lab, and its Pulumi.yaml does not say. */
export type Settings = z.output<typeof schema>;

/** The settings in a program's folder, or the defaults; all that is wrong with them is said at once. */
export function readSettings(folder: string): Settings {
  const file = join(folder, settingsFile);
  const given: unknown = existsSync(file) ? parse(readFileSync(file, 'utf8')) : undefined;
  const parsed = schema.safeParse(given ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `  ${path.length === 0 ? 'the file' : path.join('.')}: ${message}`,
  );
  const known = Object.keys(schema.shape).join(', ');
  throw new Error([`${file} is not understood. It may hold ${known}:`, ...problems].join('\n'));
}

/** The systems that a text names. */
export function systemsIn(text: string): readonly (typeof operatingSystems)[number][] {
  return operatingSystems.filter((system) => text.includes(system));
}
