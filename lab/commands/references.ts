/**
 * A text with each `${name}`, `${name.of[0].it}` replaced by what the stack's outputs have there. Undefined where they
 * have nothing that can stand in a text.
 */
export function filled(text: string, outputs: unknown): string | undefined {
  const values = [...text.matchAll(reference)].map(([, path = '']) => valueAt(path, outputs));
  if (!values.every((value) => ['string', 'number', 'boolean'].includes(typeof value))) return undefined;
  return text.replace(reference, () => String(values.shift()));
}

const reference = /\$\{([^}]+)\}/g;

function valueAt(path: string, outputs: unknown): unknown {
  return (path.match(/[^.[\]]+/g) ?? []).reduce<unknown>(
    (holder, key) => Object.entries(holder ?? {}).find(([name]) => name === key)?.[1] as unknown,
    outputs,
  );
}
