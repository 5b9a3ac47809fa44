import { isOfHost } from './hostChanges';
import { nameOf, typeOf, type Step } from './pulumiPreview';

/** What happens to a resource that is no host's own. */
export interface OtherChange {
  readonly op: string;
  readonly name: string;
  readonly type: string;
  readonly properties: readonly string[];
}

export interface OtherChanges {
  readonly changes: readonly OtherChange[];
  /** Resources of which nothing but tags changes. */
  readonly onlyTags: number;
}

/** What is deleted or replaced comes first. */
const order = ['delete', 'replace', 'update', 'create'];

export function otherChanges(steps: readonly Step[]): OtherChanges {
  const all = steps.filter((step) => !isOfHost(step) && !typeOf(step).startsWith('pulumi:')).map(change);
  const isTags = ({ op, properties }: OtherChange) =>
    op === 'update' && properties.length > 0 && properties.every((each) => each === 'tags');
  return {
    changes: all.filter((each) => !isTags(each)).sort((a, b) => order.indexOf(a.op) - order.indexOf(b.op)),
    onlyTags: all.filter(isTags).length,
  };
}

function change(step: Step): OtherChange {
  const paths = Object.keys(step.detailedDiff ?? {}).map((path) => path.replace(/[.[].*$/, ''));
  const properties = paths.map((path) => (path === 'tagsAll' ? 'tags' : path));
  const isVersion = typeOf(step) === 'aws:secretsmanager/secretVersion:SecretVersion';
  return {
    // The former version stays until the secret goes.
    op: isVersion && step.op === 'replace' ? 'update' : step.op,
    name: nameOf(step),
    type: typeOf(step).replace(/^(\w+):.*:/, '$1 '),
    properties: [...new Set(properties)].sort(),
  };
}
