import { createHash } from 'node:crypto';
import { awsFunction } from '../function';
import { defaulted, list, object, optional, required, text, type Values } from '../shape';

const principal = { identifiers: required(list(text)), type: required(text) };
const statement = {
  actions: optional(list(text)),
  conditions: optional(
    list(object({ test: required(text), values: required(list(text)), variable: required(text) })),
  ),
  effect: defaulted(text, 'Allow'),
  notActions: optional(list(text)),
  notPrincipals: optional(list(object(principal))),
  notResources: optional(list(text)),
  principals: optional(list(object(principal))),
  resources: optional(list(text)),
  sid: optional(text),
};
type Statement = Values<typeof statement>;
type Principal = Values<typeof principal>;

/** A policy of statements, written as the official provider writes it. */
export const getPolicyDocument = awsFunction({
  token: 'aws:iam/getPolicyDocument:getPolicyDocument',
  args: {
    policyId: optional(text),
    statements: optional(list(object(statement))),
    version: defaulted(text, '2012-10-17'),
  },
  run(_call, { policyId, statements = [], version }) {
    const document = {
      Version: version,
      ...(policyId === undefined ? {} : { Id: policyId }),
      Statement: statements.map(written),
    };
    const json = JSON.stringify(document, undefined, 2);
    const id = String(createHash('sha256').update(json).digest().readUInt32BE(0));
    return Promise.resolve({
      id,
      json,
      minifiedJson: JSON.stringify(document),
      policyId,
      statements,
      version,
    });
  },
});

function written(given: Statement) {
  const entries: [string, unknown][] = [
    ['Sid', given.sid],
    ['Effect', given.effect],
    ['Action', oneOrAll(given.actions)],
    ['NotAction', oneOrAll(given.notActions)],
    ['Resource', oneOrAll(given.resources)],
    ['NotResource', oneOrAll(given.notResources)],
    ['Principal', principals(given.principals)],
    ['NotPrincipal', principals(given.notPrincipals)],
    ['Condition', conditions(given.conditions)],
  ];
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** One value stands alone; several are sorted downwards, as the official provider does. */
function oneOrAll(values: readonly string[] | undefined): string | string[] | undefined {
  if (values === undefined || values.length === 0) return undefined;
  return values.length === 1 ? values[0] : [...values].sort().reverse();
}

function principals(given: readonly Principal[] | undefined) {
  if (given === undefined || given.length === 0) return undefined;
  const anyone = given.every(({ type, identifiers }) => type === '*' && identifiers.includes('*'));
  if (anyone) return '*';
  const types = [...new Set(given.map(({ type }) => type))];
  const named = (wanted: string) =>
    given.filter(({ type }) => type === wanted).flatMap((one) => one.identifiers);
  return Object.fromEntries(types.map((type) => [type, oneOrAll(named(type))]));
}

function conditions(given: Statement['conditions']) {
  if (given === undefined || given.length === 0) return undefined;
  const result: Record<string, Record<string, string | string[] | undefined>> = {};
  for (const { test, variable, values } of given) {
    const earlier = result[test]?.[variable];
    const all = [...(typeof earlier === 'string' ? [earlier] : (earlier ?? [])), ...values];
    result[test] = { ...result[test], [variable]: all.length === 1 ? all[0] : all };
  }
  return result;
}
