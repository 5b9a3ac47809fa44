import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { paths } from '../paths';

/** Where the lab's AWS API answers to this machine. */
export const awsEndpoint = 'http://203.0.113.2:4566';

/**
 * Guards the secrets in the state of a lab that anyone can throw away and make again. It is not a secret: the state
 * lies beside it, and nothing outside the lab is encrypted with it.
 */
const labPassphrase = 'emqx-haproxy-lab';

/** The plugins that stand in for Pulumi's own, by the name that the engine looks for on PATH. */
const standIns: Readonly<Record<string, string>> = {
  'pulumi-language-nodejs': 'engine/languageHost.ts',
  'pulumi-resource-aws': 'providers/aws/main.ts',
  'pulumi-resource-command': 'providers/command/main.ts',
  'pulumi-resource-random': 'providers/random/main.ts',
  'pulumi-resource-tls': 'providers/tls/main.ts',
};

/**
 * Everything that the plain `pulumi` command needs to work in the lab and only there. The stand-ins come first on
 * its PATH, and the AWS endpoint is one that exists on this machine only, so no call can reach a real account.
 */
export async function labEnvironment(): Promise<NodeJS.ProcessEnv> {
  await Promise.all(
    [paths.bin, paths.pulumiHome, paths.pulumiState].map((folder) => mkdir(folder, { recursive: true })),
  );
  await Promise.all(
    Object.entries(standIns).map(([name, program]) =>
      writeStandIn(join(paths.bin, name), join(__dirname, '..', program)),
    ),
  );
  return {
    ...withoutAwsSettings(process.env),
    PATH: [paths.bin, process.env['PATH'] ?? ''].join(delimiter),
    PULUMI_HOME: paths.pulumiHome,
    PULUMI_BACKEND_URL: `file://${paths.pulumiState}`,
    PULUMI_CONFIG_PASSPHRASE: labPassphrase,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_ACCESS_KEY_ID: 'lab',
    AWS_SECRET_ACCESS_KEY: 'lab',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** A person's own profile, session token or region must not find its way into the lab. */
function withoutAwsSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('AWS_')));
}

async function writeStandIn(path: string, program: string): Promise<void> {
  const loader = require.resolve('tsx/cjs');
  await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' --require '${loader}' '${program}' "$@"\n`);
  await chmod(path, 0o755);
}
