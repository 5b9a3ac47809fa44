import type { Problems } from '../../rendering/problems';
import type { HoconObject } from '../hocon';

/** How passwords in a database of yours are hashed. */
export interface PasswordHashArgs {
  /** `plain`, `md5`, `sha`, `sha256`, `sha512`, `bcrypt` or `pbkdf2`. @default `sha256` */
  name?: 'plain' | 'md5' | 'sha' | 'sha256' | 'sha512' | 'bcrypt' | 'pbkdf2';
  /** Where the salt stands: `prefix`, `suffix`, or `disable` for none; not for bcrypt and pbkdf2. @default `prefix`, for plain to `disable` */
  salt?: 'prefix' | 'suffix' | 'disable';
  /** pbkdf2: the hash within. @default `sha256` */
  mac?: 'sha' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
  /** pbkdf2: rounds, 1 to 10,000,000. @default 4096 */
  iterations?: number;
}

const simple = ['plain', 'md5', 'sha', 'sha256', 'sha512'];

export function planPasswordHash(args: PasswordHashArgs, path: string, problems: Problems): HoconObject {
  const name = args.name ?? 'sha256';
  problems.oneOf(`${path}.name`, name, [...simple, 'bcrypt', 'pbkdf2']);
  if (args.salt !== undefined && !simple.includes(name))
    problems.add(`${path}.salt`, `is not for ${name}, whose hashes bring their own; leave it out`);
  for (const key of ['mac', 'iterations'] as const)
    if (args[key] !== undefined && name !== 'pbkdf2')
      problems.add(`${path}.${key}`, 'is for pbkdf2; leave it out');
  if (name === 'bcrypt') return { name };
  if (name === 'pbkdf2') {
    const { mac = 'sha256', iterations = 4096 } = args;
    problems.oneOf(`${path}.mac`, mac, ['sha', 'sha224', 'sha256', 'sha384', 'sha512']);
    problems.wholeNumber(`${path}.iterations`, iterations, 1, 10_000_000, 'rounds');
    return { name, mac_fun: mac, iterations };
  }
  const salt = args.salt ?? (name === 'plain' ? 'disable' : 'prefix');
  problems.oneOf(`${path}.salt`, salt, ['prefix', 'suffix', 'disable']);
  return { name, salt_position: salt };
}
