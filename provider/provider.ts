import { readFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
import type { ConstructResult, Provider } from '@pulumi/pulumi/provider';
import { Problems } from '../components';
import type { ServedComponent } from './components';
import { readArguments, spokenProblems } from './read';
import { servedFile } from './served';
import type { Spelling } from './spelling';
import { spellingIn } from './spelling';

/** Serves the package's schema and makes its components, for programs in every language of Pulumi's. */
export class PackageProvider implements Provider {
  readonly version: string;
  readonly schema: string;
  private readonly name: string;

  constructor(private readonly spelling: Spelling = spellingIn(process.cwd())) {
    this.schema = readFileSync(servedFile('schema.json'), 'utf8');
    // Written by docs.ts; a test fails when the file is not what that writes now.
    const { name, version } = JSON.parse(this.schema) as { name: string; version: string };
    this.name = name;
    this.version = version;
  }

  async construct(
    name: string,
    type: string,
    inputs: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
  ): Promise<ConstructResult> {
    const component = type.split(':').at(-1) ?? '';
    // Only now: the components bring AWS's SDK, which the schema can do without.
    const { servedComponents } = await import('./components.js');
    const served = Object.entries(servedComponents).find(([known]) => type === `${this.name}:index:${known}`);
    if (served === undefined)
      throw new Error(
        `${this.name} ${this.version} has no component ${type}; the SDK may be of another version than the provider`,
      );
    try {
      return await make({ component, name, inputs, options, served: served[1], spelling: this.spelling });
    } catch (error) {
      // The engine would tell each problem once more, with the value that was given, be it a secret.
      throw pulumi.InputPropertiesError.isInstance(error)
        ? new pulumi.InputPropertiesError({ message: error.message, errors: [] })
        : error;
    }
  }
}

interface Asked {
  readonly component: string;
  readonly name: string;
  readonly inputs: pulumi.Inputs;
  readonly options: pulumi.ComponentResourceOptions;
  readonly served: ServedComponent;
  readonly spelling: Spelling;
}

async function make({ component, name, inputs, options, served, spelling }: Asked): Promise<ConstructResult> {
  const { written, args } = await readArguments(component, name, inputs, spelling);
  try {
    const { resource, outputs } = await served.make(name, args, options);
    return { urn: resource.urn, state: Object.fromEntries(Object.entries(outputs)) };
  } catch (error) {
    if (!pulumi.InputPropertiesError.isInstance(error)) throw error;
    const moved = served.elsewhere?.(args);
    const problems = error.errors.map(({ propertyPath, reason }) => ({
      path: moved === undefined ? propertyPath : movedPath(propertyPath, moved.from, moved.to),
      reason,
    }));
    const told = new Problems();
    told.addAll(spokenProblems(component, written, problems, spelling));
    told.throwIfAny(`${component} ${name}`);
    throw error;
  }
}

function movedPath(path: string, from: string, to: string): string {
  if (path !== from && !path.startsWith(`${from}.`)) return path;
  const rest = path.slice(from.length + 1);
  return [to, rest].filter((part) => part !== '').join('.');
}
