import { createHash } from 'node:crypto';
import type { Deployment, StateResource } from './release';

/** How Pulumi marks a secret in a state. */
const secretMark = '4dabf18193072939515e22adb298388d';

/** The resources whose outputs are secrets by themselves, and which of their properties. */
const sources: Readonly<Record<string, readonly string[]>> = {
  'tls:index/privateKey:PrivateKey': ['privateKeyPem', 'privateKeyOpenssh', 'privateKeyPemPkcs8'],
  'random:index/randomPassword:RandomPassword': ['result'],
};

/**
 * The same state with every key and password replaced, each by one word wherever it stands, so that what was equal
 * stays equal and a preview finds no change in it.
 */
export function withWorthlessSecrets(state: Deployment): Deployment {
  const words = new Map<string, string>();
  for (const resource of state.deployment.resources)
    for (const secret of secretsOf(resource)) words.set(secret, wordFor(secret));
  const scrubbed = replaceIn(state, (text) =>
    [...words].reduce((changed, [secret, word]) => changed.replaceAll(secret, word), text),
  ) as Deployment;
  const left = /PRIVATE KEY/.exec(JSON.stringify(scrubbed));
  if (left !== null) throw new Error('a private key is left in the state: name its resource in `sources`');
  return scrubbed;
}

/** The same state with certificates that never come due: their renewal is no matter of an upgrade. */
export function withLastingCertificates(state: Deployment): Deployment {
  const resources = state.deployment.resources.map((resource) =>
    resource.outputs?.['validityEndTime'] === undefined
      ? resource
      : { ...resource, outputs: { ...resource.outputs, validityEndTime: '2999-12-31T00:00:00Z' } },
  );
  return { ...state, deployment: { ...state.deployment, resources } };
}

function secretsOf({ type, outputs }: StateResource): readonly string[] {
  return (sources[type] ?? []).flatMap((name) => {
    const value = outputs?.[name];
    const inner = isObject(value) && secretMark in value ? parsed(value['plaintext']) : value;
    return typeof inner === 'string' && inner !== '' ? [inner] : [];
  });
}

function wordFor(secret: string): string {
  return `worthless-${createHash('sha256').update(secret).digest('hex').slice(0, 12)}`;
}

/** Strings hold JSON, which holds strings that hold JSON: a key stands in each in another spelling. */
function replaceIn(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') {
    const inner = parsed(value);
    if (typeof inner !== 'string' && !isObject(inner)) return replace(value);
    const text = JSON.stringify(inner);
    const replaced = JSON.stringify(replaceIn(inner, replace));
    // A document without a secret keeps its own spacing.
    return replaced === text ? value : replaced;
  }
  if (Array.isArray(value)) return value.map((each) => replaceIn(each, replace));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaceIn(each, replace)]));
}

function parsed(text: unknown): unknown {
  if (typeof text !== 'string' || !/^\s*["{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
