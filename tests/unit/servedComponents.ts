import type * as pulumi from '@pulumi/pulumi';
import type { PackageSchema } from '../../provider/packageSchema';
import { PackageProvider } from '../../provider/provider';
import { graphOf } from './resourceGraph';

/** The provider, as the engine asks it. */
export const provider = new PackageProvider();
// Written by provider/docs.ts; a test holds it to what that writes now.
export const schema = JSON.parse(provider.schema) as PackageSchema;
export const type = (component: string) => `emqx-haproxy:index:${component}`;

/** What a component comes to when another language asks for it. */
export async function made(
  component: string,
  inputs: pulumi.Inputs,
  name = 'mqtt',
  answers: Readonly<Record<string, Record<string, unknown>>> = {},
) {
  let state: pulumi.Inputs = {};
  const graph = await graphOf(async () => {
    ({ state } = await provider.construct(name, type(component), inputs, {}));
  }, answers);
  return { graph, state };
}

/** The message with which a component is refused. */
export async function refused(
  component: string,
  inputs: pulumi.Inputs,
  asked: PackageProvider = provider,
): Promise<string> {
  let message = 'not refused';
  await graphOf(async () => {
    try {
      await asked.construct('mqtt', type(component), inputs, {});
    } catch (error) {
      message = error instanceof Error ? error.message : String(error);
    }
  });
  return message;
}
