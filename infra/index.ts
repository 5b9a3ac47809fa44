import * as pulumi from '@pulumi/pulumi';
import { allConfig } from '@pulumi/pulumi/runtime/config';
import { MqttPlatform, planPlatform } from '../components';
import { activeBalancer } from './activeBalancer';
import { platformName, readConfiguration } from './configuration';
import type { Configuration } from './configuration';
import type { StackOutputs } from './outputs';
import { stackOutputs } from './outputs';

/** The program: a stack's configuration in, one MqttPlatform, its outputs out. */
export = async (): Promise<StackOutputs> => {
  const configuration = checkedConfiguration();
  const plan = planPlatform(platformName, configuration);
  const active = await activeBalancer(plan, configuration.virtualIp?.allocationId);
  const platform = new MqttPlatform(platformName, {
    ...configuration,
    ...(active === undefined ? {} : { activeBalancer: active }),
  });
  return stackOutputs(platform);
};

/** What is wrong with a configuration is told without a stack trace: it is no fault of the program's. */
function checkedConfiguration(): Configuration {
  try {
    return readConfiguration(ownConfiguration());
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
