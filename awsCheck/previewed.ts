import { z } from 'zod';
import type { Resource } from './costs';

const state = z.object({ type: z.string(), inputs: z.record(z.string(), z.unknown()).default({}) });
const preview = z.object({
  steps: z.array(z.object({ op: z.string(), urn: z.string(), newState: state.optional() })),
});

/**
 * What a stack will have made, by what `pulumi preview --json --show-sames` prints.
 *
 * @throws Error when it is something else
 */
export function previewedResources(text: string): readonly Resource[] {
  const read = preview.safeParse(parseJson(text));
  if (!read.success) throw new Error(`${notAPreview}:\n${z.prettifyError(read.error)}`);
  // A replacement is several steps of one URN.
  const made = read.data.steps.filter(({ op }) => op !== 'read' && op !== 'delete-replaced');
  const resources = new Map(made.flatMap(({ urn, newState }) => (newState ? [[urn, newState]] : [])));
  return [...resources.values()];
}

const notAPreview = 'this is not what pulumi preview --json prints';

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${notAPreview}: ${(error as Error).message}`, { cause: error });
  }
}
