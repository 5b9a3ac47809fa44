import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { deriveArgumentsSchema } from '../../arguments/derive';
import { programOf } from '../../arguments/program';
import { readArgumentsSchema } from '../../arguments/schema';
import type { ArgumentsSchema } from '../../arguments/schema';
import { outdatedFiles } from '../../infra/docs';

/** Interfaces as components/ could export them, each set in a file of its own. */
const sources = {
  every: `
    import type * as pulumi from '@pulumi/pulumi';
    type Form = 'long' | 'brief' | 'array';
    const sizes = ['small', 'medium', 'big'] as const;
    type Size = (typeof sizes)[number];
    /** A base. */
    export interface BaseArgs {
      /** Inherited. @default 5 */
      count?: number;
    }
    /** A part. */
    export interface PartArgs {
      /**
       * Two
       * lines.
       *
       * @default \`b\`
       */
      letter?: 'c' | 'b' | 'a';
    }
    /** Another part. */
    export interface OtherArgs {
      /** Its name. */
      name: string;
    }
    /** To make. */
    export interface NewArgs {
      /** How many. @default 2 */
      size?: number;
    }
    /** That exists. */
    export interface GivenArgs {
      /** Its id. */
      id: string;
    }
    /** All of it. */
    export interface RootArgs extends BaseArgs {
      /** A text. @secret @default 24 random characters */
      text?: pulumi.Input<string>;
      /** A flag. @default false */
      flag?: pulumi.Input<boolean>;
      /** Forms. */
      forms: Form[];
      /** A size. @default \`big\` */
      size?: Size;
      /** Names. @default none */
      names?: pulumi.Input<string>[];
      /** A map. @default {} as it were */
      map?: Record<string, PartArgs>;
      /** A number or a map. @default 3 */
      several?: Record<string, OtherArgs> | number;
      /** One or the other. @default none */
      either?: (NewArgs | GivenArgs) & {
        /** On both. @default true */
        both?: boolean;
      };
      /** A part, with defaults of its own. */
      part?: BaseArgs;
    }`,
  wrong: `
    export interface RootArgs {
      plain: string;
      /** Says it in the text. Defaults to 5. */
      prose?: number;
      /** Says nothing. */
      silent?: boolean;
      /** Not that. @default \`d\` */
      letter?: 'a' | 'b';
      /** Not a number. @default 10,000 @unit seconds */
      tagged?: number;
      /** Needed. @default 1 */
      needed: number;
      /** A function. */
      call: () => void;
      /** Without a name. */
      inline: { a: string };
      /** Not exported. */
      hidden: HiddenArgs;
      /** With more than it has elsewhere. */
      more: HiddenArgs & {
        /** Further. */
        further: string;
      };
    }
    /** Hidden. */
    interface HiddenArgs {
      /** Fine. */
      fine: string;
    }
    export interface CodeArgs {
      resource: () => void;
    }`,
} as const;

/** The compiler reads some hundred files: a second, and many on a busy machine. */
const compilerTimeout = 60_000;

type Source = keyof typeof sources;
const pathOf = (name: Source) => join(__dirname, `${name}.ts`);
const names: readonly Source[] = ['every', 'wrong'];
let derive: (name: Source) => ArgumentsSchema;
beforeAll(() => {
  const texts = new Map(names.map((name) => [pathOf(name), sources[name]]));
  const program = programOf([...texts.keys()], texts);
  derive = (name) => deriveArgumentsSchema(program, pathOf(name), 'RootArgs');
}, compilerTimeout);

describe('a schema derived from interfaces', () => {
  it('says of each property what it may hold, what it means and what holds without it', () => {
    const { $ref, $defs } = derive('every');
    expect($ref).toBe('#/$defs/RootArgs');
    expect($defs['RootArgs']).toEqual({
      type: 'object',
      description: 'All of it.',
      properties: {
        text: {
          type: 'string',
          input: true,
          description: 'A text.',
          secret: true,
          defaultText: '24 random characters',
        },
        flag: { type: 'boolean', input: true, description: 'A flag.', default: false },
        forms: {
          type: 'array',
          items: { type: 'string', enum: ['long', 'brief', 'array'] },
          description: 'Forms.',
        },
        size: {
          type: 'string',
          enum: ['small', 'medium', 'big'],
          description: 'A size.',
          default: 'big',
        },
        names: {
          type: 'array',
          items: { type: 'string', input: true },
          description: 'Names.',
          defaultText: 'none',
        },
        map: {
          type: 'object',
          additionalProperties: { $ref: '#/$defs/PartArgs' },
          description: 'A map.',
          defaultText: '{} as it were',
        },
        several: {
          anyOf: [
            { type: 'object', additionalProperties: { $ref: '#/$defs/OtherArgs' } },
            { type: 'integer' },
          ],
          description: 'A number or a map.',
          default: 3,
        },
        either: {
          anyOf: [{ $ref: '#/$defs/NewArgs' }, { $ref: '#/$defs/GivenArgs' }],
          description: 'One or the other.',
          defaultText: 'none',
        },
        part: { $ref: '#/$defs/BaseArgs', description: 'A part, with defaults of its own.' },
        count: { type: 'integer', description: 'Inherited.', default: 5 },
      },
      required: ['forms'],
      additionalProperties: false,
    });
    expect($defs['PartArgs']?.properties).toEqual({
      letter: { type: 'string', enum: ['c', 'b', 'a'], description: 'Two lines.', default: 'b' },
    });
    expect(Object.keys($defs['GivenArgs']?.properties ?? {})).toEqual(['id', 'both']);
    expect(Object.keys($defs)).toEqual([
      'RootArgs',
      'PartArgs',
      'OtherArgs',
      'NewArgs',
      'GivenArgs',
      'BaseArgs',
    ]);
  });
});

describe('interfaces that do not tell everything', () => {
  it('are refused with all that is missing, at once', () => {
    const known = 'texts, numbers, booleans, lists, maps, exported interfaces and unions of these are known';
    expect(() => derive('wrong')).toThrow(
      [
        'The arguments cannot be derived:',
        'RootArgs has no doc comment',
        'RootArgs.plain has no doc comment',
        'RootArgs.prose tells its default in the text; use the tag @default',
        'RootArgs.prose may be left out, and no @default says what holds then',
        'RootArgs.silent may be left out, and no @default says what holds then',
        'RootArgs.letter has the default d; a, b are allowed',
        'RootArgs.tagged has @unit seconds; @default VALUE OR WORDS and @secret are known',
        'RootArgs.needed has a default and is required',
        `RootArgs.call is of type () => void; ${known}`,
        `RootArgs.inline is of type { a: string; }; ${known}`,
        'HiddenArgs is not exported',
        'HiddenArgs means different things in different places',
        'CodeArgs has no doc comment',
        'CodeArgs.resource has no doc comment',
      ].join('\n  '),
    );
  });
});

describe("this package's arguments", () => {
  it(
    'are what the schema and docs/configuration.md say',
    () => expect(outdatedFiles()).toEqual([]),
    compilerTimeout,
  );

  it('are marked secret where their names say so', () => {
    const secrets = Object.entries(readArgumentsSchema().$defs).flatMap(([name, { properties }]) =>
      Object.entries(properties).flatMap(([key, { secret }]) =>
        /(password|privateKey|cookie|licenseKey|secret|token)$/i.test(key)
          ? [[`${name}.${key}`, secret]]
          : [],
      ),
    );
    expect(secrets.length).toBeGreaterThan(5);
    expect(secrets.filter(([, secret]) => secret !== true)).toEqual([]);
  });
});
