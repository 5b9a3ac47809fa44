import { functionTypes } from '../../lab/providers/aws/functions';
import { AwsProvider } from '../../lab/providers/aws/provider';
import { resourceTypes } from '../../lab/providers/aws/resources';
import type { Properties, Value } from '../../lab/providers/aws/shape';
import type { Clients } from '../../lab/providers/aws/call';
import type { Deployment, StateResource } from './release';

/** How Pulumi marks a secret in a state. */
const secretMark = '4dabf18193072939515e22adb298388d';

/** What AWS gives names to: ids, ARNs with random ends, and public addresses. */
const givenByAws = /^([a-z]+-[0-9a-f]{8,17}|arn:\S+|\d+\.\d+\.\d+\.\d+|[a-z0-9-]+-[0-9a-f]{7,8})$/;

/**
 * Makes everything of AWS that a state knows anew in an empty region, and gives the state with the names that things
 * have there: a preview then asks a region about what it really has.
 */
export async function restoreRegion(
  state: Deployment,
  regionName: string,
  clients: Clients,
): Promise<Deployment> {
  const provider = new AwsProvider(resourceTypes, functionTypes, () => clients);
  provider.configure({ region: regionName });
  let restored = state;
  for (let index = 0; index < state.deployment.resources.length; index++) {
    const resource = restored.deployment.resources[index];
    if (resource?.id === undefined || !resource.type.startsWith('aws:')) continue;
    const options = { preview: false, timeoutSeconds: 0 };
    const made = await provider.create(resource.type, plainInputs(resource), options);
    const names = new Map([[resource.id, made.id]]);
    for (const [name, before] of Object.entries(resource.outputs ?? {})) {
      const now = made.state[name];
      if (typeof before === 'string' && typeof now === 'string' && givenByAws.test(before))
        names.set(before, now);
    }
    restored = renamed(restored, names);
  }
  return restored;
}

function plainInputs({ inputs = {} }: StateResource): Properties {
  return plain(inputs) as Properties;
}

function plain(value: unknown): Value {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value as Value;
  if (secretMark in value && 'plaintext' in value) return plain(JSON.parse(String(value.plaintext)));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

/** In the whole state, also inside of documents: a name stands in policies, in aws.json, in connections. */
function renamed(state: Deployment, names: ReadonlyMap<string, string>): Deployment {
  let text = JSON.stringify(state);
  for (const [before, now] of names) {
    if (before === now) continue;
    const whole = new RegExp(
      `(?<![\\w.-])${before.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&')}(?![\\w-]|\\.\\d)`,
      'g',
    );
    text = text.replace(whole, now);
  }
  // It was one before.
  return JSON.parse(text) as Deployment;
}
