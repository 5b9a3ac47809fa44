import * as pulumi from '@pulumi/pulumi';
import type { HoconObject, HoconValue } from '../hocon';

/** A setting whose value only the hosts see, by the keys that lead to it. */
export interface SecretValue {
  readonly path: readonly string[];
  readonly json: pulumi.Output<string>;
}

/** Names of settings that hold secrets. */
const secretName = /(^|_)(password|passphrase|secret|token|secret_access_key|private_key)$|^authorization$/i;

/**
 * The tree without what is secret, and that: values that are known later, and texts under the name of a secret. A list
 * with a secret in it is secret as a whole, since HOCON cannot lay a part of a list over another.
 */
export function withoutSecrets(tree: Readonly<Record<string, unknown>>): {
  readonly open: HoconObject;
  readonly secrets: readonly SecretValue[];
} {
  const secrets: SecretValue[] = [];
  return { open: openPart(tree, [], secrets), secrets };
}

function openPart(
  tree: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  secrets: SecretValue[],
): HoconObject {
  return Object.fromEntries(
    Object.entries(tree).flatMap(([key, value]): (readonly [string, HoconValue])[] => {
      const path = [...keys, key];
      if (value === undefined) return [];
      if (isInput(value) || holdsSecret(key, value)) {
        secrets.push({ path, json: pulumi.secret(pulumi.jsonStringify(value)) });
        return [];
      }
      return [[key, isObject(value) ? openPart(value, path, secrets) : asHocon(value, path)]];
    }),
  );
}

function holdsSecret(key: string, value: unknown): boolean {
  if (typeof value === 'string') return secretName.test(key);
  return Array.isArray(value) && value.some(hasSecretInside);
}

function hasSecretInside(value: unknown): boolean {
  if (isInput(value)) return true;
  if (Array.isArray(value)) return value.some(hasSecretInside);
  return (
    isObject(value) &&
    Object.entries(value).some(
      ([key, each]) => hasSecretInside(each) || (typeof each === 'string' && secretName.test(key)),
    )
  );
}

/** A value that HOCON can say; throws with the path of one that it cannot. */
export function asHocon(value: unknown, path: readonly string[]): HoconValue {
  if (typeof value === 'string' && /[^\P{Cc}\n\t\r]|[\u2028\u2029]/u.test(value))
    throw new Error(`emqx.settings.${path.join('.')} has control characters`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((each: unknown, index) => asHocon(each, [...path, `${index}`]));
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, each]) =>
        each === undefined ? [] : [[key, asHocon(each, [...path, key])] as const],
      ),
    );
  throw new Error(
    `emqx.settings.${path.join('.')} is a ${typeof value}; texts, numbers, booleans, lists and objects are allowed`,
  );
}

/** Whether a value is known later. */
export function isInput(value: unknown): value is pulumi.Output<unknown> | Promise<unknown> {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
