import * as pulumi from '@pulumi/pulumi';
import type { FileChange, SecretView } from '../host/fileSet';
import type { ApiKey } from './apiKeys';
import { apiKeysFile } from './apiKeys';
import type { SecretSetting } from './authenticators/secrets';
import type { HoconObject, HoconValue } from './hocon';
import { renderHocon } from './hocon';
import type { SecretValue } from './settings/secretSettings';
import { asHocon } from './settings/secretSettings';
import type { PlannedUsers, User } from './users';
import { usersFile } from './users';

/** Where brokers find their secrets; EMQX itself reads all but the users. */
export const secretFiles = {
  node: '/etc/emqx-haproxy/secrets/node.hocon',
  access: '/etc/emqx-haproxy/secrets/access.hocon',
  apiKeys: '/etc/emqx-haproxy/secrets/api-keys',
  licence: '/etc/emqx-haproxy/secrets/licence',
  listenersKey: '/etc/emqx-haproxy/secrets/listeners.key',
  users: '/etc/emqx-haproxy/secrets/users.json',
} as const;

/** The fields of the brokers' secret, each a file as it is: no secret is on view in a preview or on a command line. */
export function brokerSecretFields(
  { userIdType }: PlannedUsers,
  values: {
    readonly cookie: pulumi.Output<string>;
    readonly dashboardPassword: pulumi.Output<string>;
    readonly licenseKey: pulumi.Input<string> | undefined;
    readonly users: pulumi.Output<readonly User[]>;
    readonly chain: readonly SecretSetting[];
    readonly settings: readonly SecretValue[];
    readonly apiKeys: pulumi.Output<readonly ApiKey[]>;
    /** Of the listeners' certificate, where they have one. */
    readonly listenersKey: pulumi.Input<string> | undefined;
    /** The secret of the key of the broker's own programs. */
    readonly ownApiKey: pulumi.Output<string>;
  },
): Readonly<Record<string, pulumi.Input<string>>> {
  const chain = pulumi.all(
    values.chain.map(({ path, value }) => pulumi.output(value).apply((text) => ({ path, text }))),
  );
  const settings = pulumi.all(
    values.settings.map(({ path, json }) => json.apply((text) => ({ path, json: text }))),
  );
  return {
    node: values.cookie.apply((cookie) => renderHocon({ node: { cookie } })),
    access: pulumi
      .all([chain, values.dashboardPassword, settings])
      .apply(([ofChain, password, ofSettings]) => accessSecrets(ofChain, password, ofSettings)),
    apiKeys: pulumi
      .all([values.ownApiKey, values.apiKeys])
      .apply(([ownSecret, keys]) => apiKeysFile(ownSecret, keys)),
    users: values.users.apply((users) => usersFile(userIdType, users)),
    ...(values.licenseKey === undefined ? {} : { licence: values.licenseKey }),
    ...(values.listenersKey === undefined ? {} : { listenersKey: values.listenersKey }),
  };
}

/** What is secret among the settings that EMQX takes while it runs, laid over those in the open. */
export function accessSecrets(
  chain: readonly { readonly path: readonly string[]; readonly text: string }[],
  dashboardPassword: string,
  settings: readonly { readonly path: readonly string[]; readonly json: string }[],
): string {
  const all = [
    ...settings.map(({ path, json }) => ({ path, value: asHocon(JSON.parse(json), path) })),
    // EMQX looks at it when its database is new.
    { path: ['dashboard', 'default_password'], value: dashboardPassword },
    ...chain.map(({ path, text }) => ({ path, value: text })),
  ];
  return renderHocon(all.reduce<HoconObject>((tree, { path, value }) => withPath(tree, path, value), {}));
}

function withPath(
  object: HoconObject,
  [key = '', ...rest]: readonly string[],
  value: HoconValue,
): HoconObject {
  const inner = object[key];
  return {
    ...object,
    [key]: rest.length === 0 ? value : withPath(isObject(inner) ? inner : {}, rest, value),
  };
}

function isObject(value: HoconValue | undefined): value is HoconObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The files that a broker makes of the secret's fields. */
export function brokerSecrets(arn: string, licensed: boolean, encrypted = false): readonly SecretView[] {
  const file = (field: keyof typeof secretFiles, mode: string, owner: string, change: FileChange) => ({
    arn,
    file: secretFiles[field],
    mode,
    owner,
    change,
    content: { kind: 'value' as const, field },
  });
  const restart: FileChange = { kind: 'restart', unit: 'emqx' };
  const reload: FileChange = { kind: 'reload', unit: 'emqx' };
  return [
    file('node', '0640', 'root:emqx', restart),
    file('access', '0640', 'root:emqx', reload),
    file('apiKeys', '0640', 'root:emqx', reload),
    file('users', '0600', 'root:root', reload),
    // Erlang reads certificates and keys anew every two minutes.
    ...(encrypted ? [file('listenersKey', '0640', 'root:emqx', { kind: 'none' })] : []),
    // EMQX looks for a new key every two minutes.
    ...(licensed ? [file('licence', '0640', 'root:emqx', { kind: 'none' })] : []),
  ];
}
