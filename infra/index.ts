import * as pulumi from '@pulumi/pulumi';
import { allConfig } from '@pulumi/pulumi/runtime/config';
import { MqttPlatform, activeBalancer, planPlatform } from '../components';
import { refuseDocumentationRanges } from './documentationRanges';
import { platformName, readConfiguration } from './configuration';
import type { StackOutputs } from './outputs';
import { stackOutputs } from './outputs';
import { preflight } from './preflight';

/** The program: a stack's configuration in, one MqttPlatform, its outputs out. */
export = async (): Promise<StackOutputs> => {
  const configuration = await refusedPlainly(() => readConfiguration(ownConfiguration()));
  await refusedPlainly(() => refuseDocumentationRanges(configuration));
  const plan = planPlatform(platformName, configuration);
  const [active] = await Promise.all([
    activeBalancer(plan, configuration.virtualIp?.allocationId),
    refusedPlainly(() => preflight(plan, configuration)),
  ]);
  const platform = new MqttPlatform(platformName, {
    ...configuration,
    ...(active === undefined ? {} : { activeBalancer: active }),
  });
  return stackOutputs(platform);
};

/** What is wrong with a configuration, or missing in the account, is told without a stack trace: it is no fault of the program's. */
async function refusedPlainly<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!pulumi.InputPropertiesError.isInstance(error)) throw error;
    const refusal = new pulumi.RunError(error.message);
    // Pulumi's runner inspects an error that has a stack, with all that hangs on it: it takes most of a minute.
    refusal.stack = '';
    throw refusal;
  }
}

function ownConfiguration(): Record<string, string> {
  const namespace = `${pulumi.getProject()}:`;
  return Object.fromEntries(
    Object.entries(allConfig()).flatMap(([key, value]) =>
      key.startsWith(namespace) ? [[key.slice(namespace.length), value]] : [],
    ),
  );
}
