import { z } from 'zod';

/** What Pulumi prints with `pulumi preview --json`, as far as it is read here. */
const state = z.object({
  type: z.string(),
  inputs: z.record(z.string(), z.unknown()).optional(),
});

const step = z.object({
  op: z.string(),
  urn: z.string(),
  oldState: state.optional(),
  newState: state.optional(),
  replaceReasons: z.array(z.string()).nullish(),
  detailedDiff: z.record(z.string(), z.unknown()).nullish(),
});

const preview = z.object({
  steps: z.array(step).nullish(),
  diagnostics: z
    .array(z.object({ message: z.string(), severity: z.string(), prefix: z.string().optional() }))
    .nullish(),
});

export type Step = z.infer<typeof step>;

export interface PulumiPreview {
  /** What changes, in the engine's order. */
  readonly steps: readonly Step[];
  /** What was warned of, and what was wrong. */
  readonly messages: readonly { readonly severity: 'warning' | 'error'; readonly text: string }[];
}

/** @throws Error when it is not what `pulumi preview --json` prints */
export function parsePreview(text: string): PulumiPreview {
  const read = preview.safeParse(parseJson(text));
  if (!read.success)
    throw new Error(`this is not what pulumi preview --json prints:\n${z.prettifyError(read.error)}`);
  const { steps, diagnostics } = read.data;
  return {
    steps: (steps ?? []).filter(({ op }) => changing.includes(op)),
    messages: (diagnostics ?? []).flatMap(({ severity, message }) =>
      severity === 'warning' || severity === 'error'
        ? [{ severity, text: message.trim().replace(/^(warning|error): /, '') }]
        : [],
    ),
  };
}

/** A replacement is told by `replace`; its two halves, `create-replacement` and `delete-replaced`, say no more. */
const changing = ['create', 'update', 'replace', 'delete'];

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`this is not what pulumi preview --json prints: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The name of a resource. */
export function nameOf({ urn }: Step): string {
  return urn.slice(urn.lastIndexOf('::') + 2);
}

/** Its type, as the program has it. */
export function typeOf({ newState, oldState }: Step): string {
  return (newState ?? oldState)?.type ?? '';
}
