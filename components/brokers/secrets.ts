import * as pulumi from '@pulumi/pulumi';
import type { FileChange, SecretView } from '../host/fileSet';
import type { SecretSetting } from './authenticators/secrets';
import type { HoconObject, HoconValue } from './hocon';
import { renderHocon } from './hocon';
import type { PlannedUsers, User } from './users';
import { usersFile } from './users';

/** Where brokers find their secrets; EMQX itself reads all but the users. */
export const secretFiles = {
  node: '/etc/emqx-haproxy/secrets/node.hocon',
  access: '/etc/emqx-haproxy/secrets/access.hocon',
  apiKeys: '/etc/emqx-haproxy/secrets/api-keys',
  licence: '/etc/emqx-haproxy/secrets/licence',
  users: '/etc/emqx-haproxy/secrets/users.json',
} as const;

/** The API key of the broker's own programs. */
const apiKeyName = 'emqx-haproxy';

/** The fields of the brokers' secret, each a file as it is: no secret is on view in a preview or on a command line. */
export function brokerSecretFields(
  { userIdType }: PlannedUsers,
  values: {
    readonly cookie: pulumi.Output<string>;
    readonly dashboardPassword: pulumi.Output<string>;
    readonly licenseKey: pulumi.Input<string> | undefined;
    readonly users: pulumi.Output<readonly User[]>;
    readonly chain: readonly SecretSetting[];
    readonly apiKey: pulumi.Output<string>;
  },
): Readonly<Record<string, pulumi.Input<string>>> {
  const chain = pulumi.all(
    values.chain.map(({ path, value }) => pulumi.output(value).apply((text) => ({ path, text }))),
  );
  return {
    node: values.cookie.apply((cookie) => renderHocon({ node: { cookie } })),
    access: pulumi
      .all([chain, values.dashboardPassword])
      .apply(([settings, password]) => accessSecrets(settings, password)),
    apiKeys: values.apiKey.apply((key) => `${apiKeyName}:${key}\n`),
    users: values.users.apply((users) => usersFile(userIdType, users)),
    ...(values.licenseKey === undefined ? {} : { licence: values.licenseKey }),
  };
}

/** What is secret among the settings that EMQX takes while it runs, laid over those in the open. */
export function accessSecrets(
  chain: readonly { readonly path: readonly string[]; readonly text: string }[],
  dashboardPassword: string,
): string {
  const authentication = chain.reduce<HoconObject>((all, { path, text }) => withPath(all, path, text), {});
  return renderHocon({
    // EMQX looks at it when its database is new.
    dashboard: { default_password: dashboardPassword },
    ...(chain.length === 0 ? {} : { authentication }),
  });
}

function withPath(object: HoconObject, [key = '', ...rest]: readonly string[], text: string): HoconObject {
  const inner = object[key];
  return { ...object, [key]: rest.length === 0 ? text : withPath(isObject(inner) ? inner : {}, rest, text) };
}

function isObject(value: HoconValue | undefined): value is HoconObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The files that a broker makes of the secret's fields. */
export function brokerSecrets(arn: string, licensed: boolean): readonly SecretView[] {
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
    // Read at a start only.
    file('apiKeys', '0640', 'root:emqx', restart),
    file('users', '0600', 'root:root', reload),
    // EMQX looks for a new key every two minutes.
    ...(licensed ? [file('licence', '0640', 'root:emqx', { kind: 'none' })] : []),
  ];
}
