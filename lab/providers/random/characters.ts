import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { ResourceKind } from '../kinds';

const classes = {
  lower: 'abcdefghijklmnopqrstuvwxyz',
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  numeric: '0123456789',
  special: '!@#$%&*()-_=+[]{}<>:?',
} as const;

const minimum = z.number().int().min(0).default(0);

const inputs = z
  .strictObject({
    length: z.number().int().min(1),
    lower: z.boolean().default(true),
    upper: z.boolean().default(true),
    numeric: z.boolean().default(true),
    special: z.boolean().default(true),
    minLower: minimum,
    minUpper: minimum,
    minNumeric: minimum,
    minSpecial: minimum,
    overrideSpecial: z.string().optional(),
    keepers: z.record(z.string(), z.string()).optional(),
  })
  .superRefine((value, context) => {
    const least = value.minLower + value.minUpper + value.minNumeric + value.minSpecial;
    if (least > value.length) {
      const message = `is ${value.length}, but the min* inputs ask for ${least} characters`;
      context.addIssue({ code: 'custom', path: ['length'], message });
    }
    if (!value.lower && !value.upper && !value.numeric && !value.special) {
      const message = 'lower, upper, numeric and special are all false: no character is left';
      context.addIssue({ code: 'custom', path: ['lower'], message });
    }
  });

type Inputs = z.infer<typeof inputs>;

/**
 * RandomString. `number` is the old name of `numeric`, which the state has still. `bcryptHash` of a password is not made here: nothing that the lab runs reads it, and a program that
 * uses it sees that it is undefined.
 */
export const randomString: ResourceKind<Inputs> = {
  inputs,
  replacedBy: 'every input',
  computed: ['number', 'result'],
  create: (values) => {
    const result = randomCharacters(values);
    return Promise.resolve({ id: result, outputs: { result, number: values.numeric } });
  },
};

/** RandomPassword: the same, but its result is secret and its id says nothing. */
export const randomPassword: ResourceKind<Inputs> = {
  ...randomString,
  secretOutputs: ['result'],
  create: (values) => {
    const outputs = { result: randomCharacters(values), number: values.numeric };
    return Promise.resolve({ id: 'none', outputs });
  },
};

function randomCharacters(values: Inputs): string {
  const special = values.overrideSpecial ?? classes.special;
  const all = [
    values.lower ? classes.lower : '',
    values.upper ? classes.upper : '',
    values.numeric ? classes.numeric : '',
    values.special ? special : '',
  ].join('');
  const required = [
    ...pick(classes.lower, values.minLower),
    ...pick(classes.upper, values.minUpper),
    ...pick(classes.numeric, values.minNumeric),
    ...pick(special, values.minSpecial),
  ];
  return shuffled([...required, ...pick(all, values.length - required.length)]).join('');
}

function pick(from: string, count: number): string[] {
  return Array.from({ length: count }, () => from.charAt(randomInt(from.length)));
}

function shuffled(items: readonly string[]): string[] {
  const result: string[] = [];
  for (const item of items) result.splice(randomInt(result.length + 1), 0, item);
  return result;
}
