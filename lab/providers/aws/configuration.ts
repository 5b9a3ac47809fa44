import type { Failure } from './check';
import type { ClientSettings } from './clients';
import type { Tags } from './resource';
import { isObject, type Properties, type Value } from './shape';
import { asTags } from './tags';

export interface Configuration {
  readonly region?: string;
  readonly defaultTags: Tags;
  readonly access: ClientSettings;
}

/** Said of the way to AWS: in the lab the environment says it all. */
const withoutEffect = new Set([
  'profile',
  'skipCredentialsValidation',
  'skipMetadataApiCheck',
  'skipRegionValidation',
  'skipRequestingAccountId',
  'maxRetries',
  'retryMode',
  'sharedConfigFiles',
  'sharedCredentialsFiles',
  'version',
  'pluginDownloadURL',
]);
const known = ['accessKey', 'defaultTags', 'region', 'secretKey', 'token', ...withoutEffect];

/** The provider's configuration, and what in it the lab does not know. The SDK sends what is no string as JSON. */
export function readConfiguration(args: Properties): {
  readonly configuration: Configuration;
  readonly failures: readonly Failure[];
} {
  const given = Object.entries(args).filter(([name, value]) => !name.startsWith('__') && isGiven(value));
  const failures = given
    .filter(([name]) => !known.includes(name))
    .map(([property]) => ({
      property,
      reason: `the lab's aws provider has no setting ${property}; it knows ${[...known].sort().join(', ')}`,
    }));
  const said = new Map(given.map(([name, value]) => [name, textOf(value)]));
  const region = said.get('region') ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  const [accessKeyId, secretAccessKey] = [said.get('accessKey'), said.get('secretKey')];
  const sessionToken = said.get('token');
  const configuration = {
    defaultTags: defaultTags(args['defaultTags']),
    ...(region === undefined ? {} : { region }),
    access:
      accessKeyId === undefined || secretAccessKey === undefined
        ? {}
        : {
            credentials: {
              accessKeyId,
              secretAccessKey,
              ...(sessionToken === undefined ? {} : { sessionToken }),
            },
          },
  };
  return { configuration, failures };
}

function isGiven(value: Value): boolean {
  return value !== null && value !== '';
}

function textOf(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function defaultTags(given: Value | undefined): Tags {
  const setting: unknown = typeof given === 'string' && given !== '' ? JSON.parse(given) : given;
  return isObject(setting) ? asTags(setting['tags']) : {};
}
