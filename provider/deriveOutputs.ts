import * as ts from 'typescript';
import { readDocComment } from '../arguments/docComments';
import type { ArgumentsSchema, ObjectShape, Property, Shape } from '../arguments/schema';
import { reference } from '../arguments/schema';
import { upperFirst } from './spoken';

/**
 * Derives what components tell from the interface `rootName` of an entry, which has a property for each: Outputs as
 * the values that they come to. An object without a name in the sources is named after the place where it stands.
 */
export function deriveOutputs(program: ts.Program, entry: string, rootName: string): ArgumentsSchema {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  const root = module === undefined ? undefined : checker.getExportsOfModule(module).find(named(rootName));
  if (root === undefined) throw new Error(`${rootName} is not exported by ${entry}`);
  const derivation = new Derivation(checker);
  for (const component of checker.getDeclaredTypeOfSymbol(root).getProperties())
    derivation.define(
      `${component.name}Outputs`,
      checker.getTypeOfSymbol(component),
      component.name,
      component,
    );
  if (derivation.problems.length > 0)
    throw new Error(['The outputs cannot be derived:', ...new Set(derivation.problems)].join('\n  '));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $comment: '',
    ...reference(rootName),
    $defs: Object.fromEntries(derivation.definitions),
  };
}

class Derivation {
  readonly definitions = new Map<string, ObjectShape>();
  readonly problems: string[] = [];

  constructor(private readonly checker: ts.TypeChecker) {}

  define(name: string, type: ts.Type, prefix: string, symbol: ts.Symbol): void {
    const properties = this.checker.getPropertiesOfType(type);
    const { description } = this.told(symbol, prefix);
    const required = properties.filter((property) => !this.mayBeMissing(property));
    this.definitions.set(name, {
      type: 'object',
      description,
      properties: Object.fromEntries(
        properties.map((property) => [property.name, this.property(property, prefix)]),
      ),
      required: required.map((property) => property.name),
      additionalProperties: false,
    });
  }

  private property(symbol: ts.Symbol, prefix: string): Property {
    const place = `${prefix}${upperFirst(symbol.name)}`;
    return {
      ...this.told(symbol, place),
      ...this.shape(this.checker.getTypeOfSymbol(symbol), place, symbol),
    };
  }

  private told(symbol: ts.Symbol, place: string) {
    return readDocComment(symbol, place, this.checker, this.problems);
  }

  private mayBeMissing(property: ts.Symbol): boolean {
    const optional = (property.flags & ts.SymbolFlags.Optional) !== 0;
    return optional || membersOf(this.checker.getTypeOfSymbol(property)).some(isUndefined);
  }

  private shape(given: ts.Type, place: string, symbol: ts.Symbol): Shape {
    const members = membersOf(given)
      .flatMap((member) => membersOf(valueOf(member)))
      .filter((member) => !isUndefined(member));
    const [type] = members;
    if (type === undefined) throw new Error(`${place} has no value`);
    if (members.every(({ flags }) => flags & ts.TypeFlags.StringLike)) return { type: 'string' };
    if (members.every(({ flags }) => flags & ts.TypeFlags.NumberLike)) return { type: 'integer' };
    if (members.every(({ flags }) => flags & ts.TypeFlags.BooleanLike)) return { type: 'boolean' };
    if (members.length > 1) {
      this.problems.push(`${place} is ${this.checker.typeToString(given)}; other languages know no unions`);
      return { type: 'string' };
    }
    if (this.checker.isArrayType(type)) {
      // The checker has just said that it is a reference to the array type.
      const [element] = this.checker.getTypeArguments(type as ts.TypeReference);
      if (element !== undefined)
        return { type: 'array', items: this.shape(element, singular(place), symbol) };
    }
    const entries = this.checker.getIndexInfoOfType(type, ts.IndexKind.String);
    if (entries !== undefined)
      return {
        type: 'object',
        additionalProperties: this.shape(entries.type, singular(place), symbol),
      };
    this.define(place, type, place, symbol);
    return reference(place);
  }
}

/** What an Output comes to. */
function valueOf(type: ts.Type): ts.Type {
  const [value] = type.aliasSymbol?.name === 'Output' ? (type.aliasTypeArguments ?? []) : [];
  return value ?? type;
}

function membersOf(type: ts.Type): readonly ts.Type[] {
  return type.isUnion() ? type.types : [type];
}

function isUndefined({ flags }: ts.Type): boolean {
  return (flags & ts.TypeFlags.Undefined) !== 0;
}

function named(name: string) {
  return (symbol: ts.Symbol) => symbol.name === name;
}

/** `brokers` are each a broker. */
function singular(place: string): string {
  return place.replace(/s$/, '');
}
