import { z } from 'zod';

const resourceSchema = z.looseObject({
  type: z.string(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  outputs: z.record(z.string(), z.unknown()).default({}),
});
const deploymentSchema = z.looseObject({ resources: z.array(resourceSchema).default([]) });
type StateResource = z.infer<typeof resourceSchema>;

/** What a stack's state says of resources in AWS. */
export class KnownResources {
  private readonly text: string;
  private readonly resources: readonly StateResource[];

  constructor(deployment: unknown) {
    this.text = JSON.stringify(deployment);
    this.resources = deploymentSchema.parse(deployment).resources;
  }

  /** True where an id, a name or an ARN stands anywhere in it. */
  has(id: string): boolean {
    return this.text.includes(id);
  }

  /** True where a resource of this type has these properties. */
  hasWith(type: string, properties: Readonly<Record<string, string | undefined>>): boolean {
    return this.resources.some(
      (resource) =>
        resource.type === type &&
        Object.entries(properties).every(
          ([name, value]) => (resource.outputs[name] ?? resource.inputs[name]) === value,
        ),
    );
  }

  /** True where the program writes one of these properties on the resource itself: what is in them is not told apart. */
  writes(type: string, id: string, properties: readonly string[]): boolean {
    return this.resources.some(
      (resource) =>
        resource.type === type && resource['id'] === id && properties.some((name) => name in resource.inputs),
    );
  }
}
