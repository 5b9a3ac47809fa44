import { wildcard } from '../ec2/filters';
import { contains } from '../../ipv4';
import type { Condition } from './policy';

/** The values that a request has for a condition key, or undefined when it has none. Keys know no case. */
export type ConditionContext = (key: string) => readonly string[] | undefined;

/** Whether a condition holds. An operator that the lab does not know is an error: neither yes nor no. */
export function holds(condition: Condition, context: ConditionContext): boolean {
  const { quantifier, operator, ifExists } = parseOperator(condition.operator);
  const actual = context(condition.key);
  if (operator === 'Null') return condition.values.includes(String(actual === undefined));
  const comparison = comparisons[operator];
  if (comparison === undefined) {
    const known = [...Object.keys(comparisons), 'Null'].join(', ');
    throw new Error(
      `the lab does not know the condition operator '${condition.operator}'; it knows ${known}`,
    );
  }
  if (actual === undefined || actual.length === 0) {
    return ifExists || comparison.negated || quantifier === 'ForAllValues';
  }
  const wanted = condition.values.map((value) => substitute(value, context));
  const matches = (value: string) => {
    const any = wanted.some((pattern) => comparison.test(pattern, value));
    return comparison.negated ? !any : any;
  };
  return quantifier === 'ForAllValues' ? actual.every(matches) : actual.some(matches);
}

interface Comparison {
  readonly negated: boolean;
  readonly test: (pattern: string, value: string) => boolean;
}

const equals = (pattern: string, value: string) => pattern === value;
const equalsIgnoringCase = (pattern: string, value: string) => pattern.toLowerCase() === value.toLowerCase();
const inRange = (pattern: string, value: string) =>
  contains(pattern.includes('/') ? pattern : `${pattern}/32`, value);
const ofNumbers = (compare: (wanted: number, value: number) => boolean): Comparison => ({
  negated: false,
  test: (pattern, value) => compare(Number(pattern), Number(value)),
});

const comparisons: Readonly<Record<string, Comparison>> = {
  StringEquals: { negated: false, test: equals },
  StringNotEquals: { negated: true, test: equals },
  StringEqualsIgnoreCase: { negated: false, test: equalsIgnoringCase },
  StringNotEqualsIgnoreCase: { negated: true, test: equalsIgnoringCase },
  StringLike: { negated: false, test: wildcard },
  StringNotLike: { negated: true, test: wildcard },
  ArnEquals: { negated: false, test: wildcard },
  ArnLike: { negated: false, test: wildcard },
  ArnNotEquals: { negated: true, test: wildcard },
  ArnNotLike: { negated: true, test: wildcard },
  Bool: { negated: false, test: equalsIgnoringCase },
  IpAddress: { negated: false, test: inRange },
  NotIpAddress: { negated: true, test: inRange },
  NumericEquals: ofNumbers((wanted, value) => value === wanted),
  NumericLessThan: ofNumbers((wanted, value) => value < wanted),
  NumericLessThanEquals: ofNumbers((wanted, value) => value <= wanted),
  NumericGreaterThan: ofNumbers((wanted, value) => value > wanted),
  NumericGreaterThanEquals: ofNumbers((wanted, value) => value >= wanted),
};

function parseOperator(text: string): {
  quantifier: string | undefined;
  operator: string;
  ifExists: boolean;
} {
  const match = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(text);
  if (match === null) throw new Error(`the lab cannot read the condition operator '${text}'`);
  return { quantifier: match[1], operator: match[2] ?? '', ifExists: match[3] !== undefined };
}

/** Policy variables: `${aws:PrincipalTag/team}`; one without a value matches nothing. */
function substitute(pattern: string, context: ConditionContext): string {
  return pattern.replace(/\$\{([^}]+)\}/g, (whole, key: string) => context(key)?.[0] ?? whole);
}
