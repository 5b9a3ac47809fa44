import type { Problems } from '../../rendering/problems';
import type { HoconObject } from '../hocon';
import type { Knowledge } from './check';
import { checkSetting } from './check';
import { knownSettings } from './known';
import { knownAtStart } from './knownAtStart';
import { isObject, withoutSecrets } from './secretSettings';

/** The configuration of EMQX that the arguments give beside all that the package says itself; no secret. */
export interface PlannedSettings {
  /** What EMQX takes while it runs. */
  readonly live: HoconObject;
  /** What it reads at a start only. */
  readonly atStart: HoconObject;
  /** The roots that EMQX takes while it runs, those of secrets too, with what stands for nothing in them. */
  readonly roots: Readonly<Record<string, '{}' | '[]'>>;
}

/** Checks the settings and parts them by when EMQX takes them; what is wrong goes to `problems` under `path`. */
export function planSettings(
  settings: Readonly<Record<string, unknown>>,
  version: string,
  path: string,
  problems: Problems,
): PlannedSettings {
  const before = problems.all.length;
  const knowledge: Knowledge = { problems, complete: /^5\.8\./.test(version) };
  checkSetting(settings, knownSettings, [], path, knowledge);
  const shapes = Object.entries(settings).filter(([, value]) => value !== undefined);
  for (const [root, value] of shapes)
    if (!isObject(value) && !Array.isArray(value))
      problems.add(`${path}.${root}`, 'is neither an object nor a list, as every root of EMQX is');
  if (problems.all.length > before) return { live: {}, atStart: {}, roots: {} };
  const { open, secrets } = parted(settings, path, problems);
  for (const { path: keys } of secrets)
    if (readAtStart(keys[0] ?? ''))
      problems.add(
        `${path}.${keys.join('.')}`,
        'is known later or named like a secret; a change of it restarts the brokers, so give a plain value',
      );
  const part = (atStart: boolean): HoconObject =>
    Object.fromEntries(Object.entries(open).filter(([root]) => readAtStart(root) === atStart));
  return {
    live: part(false),
    atStart: part(true),
    roots: Object.fromEntries(
      shapes
        .filter(([root]) => !readAtStart(root))
        .map(([root, value]) => [root, Array.isArray(value) ? '[]' : '{}'] as const),
    ),
  };
}

function parted(
  settings: Readonly<Record<string, unknown>>,
  path: string,
  problems: Problems,
): ReturnType<typeof withoutSecrets> {
  try {
    return withoutSecrets(settings);
  } catch (error) {
    problems.add(path, error instanceof Error ? error.message : String(error));
    return { open: {}, secrets: [] };
  }
}

function readAtStart(root: string): boolean {
  return Object.hasOwn(knownAtStart, root);
}
