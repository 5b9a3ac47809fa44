/**
 * Property values as they travel between the engine and a provider: JSON, in which a secret is an envelope and a
 * value that is not known yet is a marker.
 */
export type Properties = Readonly<Record<string, unknown>>;

const signature = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';

/** Stands for any value that a preview does not know; the engine shows it as output<...>. */
export const unknownValue = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

/** Wraps a value so that the engine encrypts it in the state and prints [secret]. */
export function secret(value: unknown): unknown {
  return isSecret(value) ? value : { [signature]: secretSignature, value };
}

/** The values without their envelopes, and the names of the properties that held one, however deep. */
export function openSecrets(properties: Properties): {
  values: Properties;
  secretNames: ReadonlySet<string>;
} {
  const secretNames = new Set<string>();
  const open = (value: unknown, name: string): unknown => {
    if (isSecret(value)) {
      secretNames.add(name);
      return open(value['value'], name);
    }
    if (Array.isArray(value)) return value.map((item) => open(item, name));
    if (isObject(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, open(item, name)]));
    }
    return value;
  };
  const values = Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, open(value, name)]),
  );
  return { values, secretNames };
}

/** Puts the named properties into envelopes. */
export function sealSecrets(values: Properties, secretNames: Iterable<string>): Properties {
  const names = new Set(secretNames);
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      names.has(name) && value !== undefined ? secret(value) : value,
    ]),
  );
}

/** Whether the value, or anything in it, is not known yet. */
export function containsUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (Array.isArray(value)) return value.some(containsUnknown);
  return isObject(value) && Object.values(value).some(containsUnknown);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSecret(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && value[signature] === secretSignature;
}
