import { z } from 'zod';

/** A policy document as IAM stores it, in one form: lists where IAM also takes single values. */
export interface Policy {
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  /** Patterns of actions; `not` turns them round (NotAction). */
  readonly actions: Patterns;
  readonly resources: Patterns;
  readonly conditions: readonly Condition[];
}

export interface Patterns {
  readonly not: boolean;
  readonly patterns: readonly string[];
}

/** One key of one operator: `"StringEquals": {"aws:ResourceTag/role": ["vip"]}`. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** Throws, naming the policy, on what is no policy document. */
export function parsePolicy(name: string, document: string): Policy {
  let json: unknown;
  try {
    json = JSON.parse(document);
  } catch (error) {
    throw new Error(`policy ${name} is no JSON`, { cause: error });
  }
  const parsed = documentSchema.safeParse(json);
  if (!parsed.success) throw new Error(`policy ${name}: ${z.prettifyError(parsed.error)}`);
  const list = parsed.data.Statement;
  return { statements: (Array.isArray(list) ? list : [list]).map(toStatement) };
}

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const values = z
  .union([z.string(), z.boolean(), z.number(), z.array(z.union([z.string(), z.boolean(), z.number()]))])
  .transform((value) => [value].flat().map(String));

const statementSchema = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(['Allow', 'Deny']),
    Action: texts.optional(),
    NotAction: texts.optional(),
    Resource: texts.optional(),
    NotResource: texts.optional(),
    Condition: z.record(z.string(), z.record(z.string(), values)).optional(),
  })
  .refine((statement) => (statement.Action === undefined) !== (statement.NotAction === undefined), {
    message: 'one of Action and NotAction',
  })
  .refine((statement) => (statement.Resource === undefined) !== (statement.NotResource === undefined), {
    message: 'one of Resource and NotResource',
  });

const documentSchema = z.strictObject({
  Version: z.string().optional(),
  Id: z.string().optional(),
  Statement: z.union([statementSchema, z.array(statementSchema)]),
});

function toStatement(statement: z.infer<typeof statementSchema>): Statement {
  const conditions = Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, wanted]) => ({ operator, key, values: wanted })),
  );
  return {
    effect: statement.Effect,
    actions: patterns(statement.Action, statement.NotAction),
    resources: patterns(statement.Resource, statement.NotResource),
    conditions,
  };
}

function patterns(
  positive: readonly string[] | undefined,
  negative: readonly string[] | undefined,
): Patterns {
  return positive === undefined
    ? { not: true, patterns: negative ?? [] }
    : { not: false, patterns: positive };
}
