import { AwsError } from './awsError';

export interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

/** The parameters of a call in AWS's query protocol: flat names such as `Filter.1.Value.2`. */
export class Parameters {
  private constructor(private readonly values: ReadonlyMap<string, string>) {}

  static parse(form: string): Parameters {
    return new Parameters(new Map(new URLSearchParams(form)));
  }

  static of(values: Readonly<Record<string, string>>): Parameters {
    return new Parameters(new Map(Object.entries(values)));
  }

  get action(): string {
    return this.required('Action');
  }

  text(name: string): string | undefined {
    return this.values.get(name);
  }

  required(name: string): string {
    const value = this.values.get(name);
    if (value !== undefined && value !== '') return value;
    throw new AwsError('MissingParameter', `The request must contain the parameter ${name}`);
  }

  flag(name: string): boolean | undefined {
    const value = this.values.get(name)?.toLowerCase();
    if (value === undefined || value === 'true' || value === 'false') {
      return value === undefined ? undefined : value === 'true';
    }
    throw new AwsError('InvalidParameterValue', `Invalid value '${value}' for ${name}: true or false`);
  }

  integer(name: string): number | undefined {
    const value = this.values.get(name);
    if (value === undefined) return undefined;
    if (/^-?\d+$/.test(value)) return Number(value);
    throw new AwsError('InvalidParameterValue', `Invalid value '${value}' for ${name}: a whole number`);
  }

  /** NAME.1, NAME.2, ... in the order of their numbers. */
  list(name: string): string[] {
    return this.indices(name).flatMap((index) => this.values.get(`${name}.${index}`) ?? []);
  }

  /** NAME.1.X, NAME.2.X, ... each as parameters of its own. */
  structures(name: string): Parameters[] {
    return this.indices(name).map((index) => this.structure(`${name}.${index}`));
  }

  /** Everything that begins with NAME and a dot, without it. */
  structure(name: string): Parameters {
    const prefix = `${name}.`;
    const inside = [...this.values].filter(([key]) => key.startsWith(prefix));
    return new Parameters(new Map(inside.map(([key, value]) => [key.slice(prefix.length), value])));
  }

  get isEmpty(): boolean {
    return this.values.size === 0;
  }

  filters(): Filter[] {
    return this.structures('Filter').map((filter) => ({
      name: filter.required('Name'),
      values: filter.list('Value'),
    }));
  }

  /** The tags that a TagSpecification gives to resources of this type. */
  tagsFor(resourceType: string): Map<string, string> {
    const specifications = this.structures('TagSpecification');
    const wanted = specifications.filter((each) => each.text('ResourceType') === resourceType);
    return new Map(wanted.flatMap((each) => each.tags()));
  }

  /** Tag.1.Key, Tag.1.Value, ... */
  tags(): [string, string][] {
    return this.structures('Tag').map((tag) => [tag.required('Key'), tag.text('Value') ?? '']);
  }

  with(changes: Readonly<Record<string, string>>): Parameters {
    return new Parameters(new Map([...this.values, ...Object.entries(changes)]));
  }

  without(matches: (name: string) => boolean): Parameters {
    return new Parameters(new Map([...this.values].filter(([name]) => !matches(name))));
  }

  names(): string[] {
    return [...this.values.keys()];
  }

  encode(): string {
    return new URLSearchParams([...this.values]).toString();
  }

  private indices(name: string): string[] {
    const prefix = `${name}.`;
    const found = new Set<string>();
    for (const key of this.values.keys()) {
      if (!key.startsWith(prefix)) continue;
      const index = /^\d+/.exec(key.slice(prefix.length))?.[0];
      if (index !== undefined) found.add(index);
    }
    return [...found].sort((a, b) => Number(a) - Number(b));
  }
}
