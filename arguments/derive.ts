import * as ts from 'typescript';
import { fits } from './check';
import { readDocComment } from './docComments';
import type { ArgumentsSchema, ObjectShape, Property, Shape } from './schema';
import { anything, reference } from './schema';
import { allowed } from './words';

/**
 * Derives the schema of an exported interface and of all that it refers to, with their doc comments. Throws one error
 * with everything that keeps it from saying the whole truth: a type that plain values cannot have, a comment that is
 * missing, a default that is told nowhere.
 */
export function deriveArgumentsSchema(program: ts.Program, entry: string, rootName: string): ArgumentsSchema {
  const source = program.getSourceFile(entry);
  const module = source === undefined ? undefined : program.getTypeChecker().getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`cannot read ${entry}`);
  return new Derivation(program.getTypeChecker(), module).derive(rootName);
}

class Derivation {
  private readonly exported: ReadonlyMap<string, ts.Symbol>;
  private readonly definitions = new Map<string, { readonly type: ts.Type; shape?: ObjectShape }>();
  private readonly problems: string[] = [];

  constructor(
    private readonly checker: ts.TypeChecker,
    module: ts.Symbol,
  ) {
    this.exported = new Map(
      checker
        .getExportsOfModule(module)
        .map((symbol) => [
          symbol.name,
          symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
        ]),
    );
  }

  derive(rootName: string): ArgumentsSchema {
    const root = this.exported.get(rootName);
    if (root === undefined) throw new Error(`${rootName} is not exported`);
    this.define(rootName, this.checker.getDeclaredTypeOfSymbol(root));
    this.checkOtherArguments();
    if (this.problems.length > 0)
      throw new Error(['The arguments cannot be derived:', ...new Set(this.problems)].join('\n  '));
    const definitions = [...this.definitions].flatMap(([name, { shape }]) =>
      shape === undefined ? [] : [[name, shape] as const],
    );
    return {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $comment: 'Made by `npm run docs` from the interfaces in components/; not to be edited.',
      ...reference(rootName),
      $defs: Object.fromEntries(definitions),
    };
  }

  /** Argument interfaces that only code can fill, with resources and functions, have no schema, but documentation. */
  private checkOtherArguments(): void {
    for (const [name, symbol] of this.exported) {
      if (!name.endsWith('Args') || this.definitions.has(name)) continue;
      readDocComment(symbol, name, this.checker, this.problems);
      if ((symbol.flags & ts.SymbolFlags.Interface) === 0) continue;
      for (const property of this.checker.getDeclaredTypeOfSymbol(symbol).getProperties())
        readDocComment(property, placeOf(property), this.checker, this.problems);
    }
  }

  private define(name: string, type: ts.Type): Shape {
    const known = this.definitions.get(name);
    if (known !== undefined) {
      if (known.type !== type) this.problems.push(`${name} means different things in different places`);
      return reference(name);
    }
    const definition: { readonly type: ts.Type; shape?: ObjectShape } = { type };
    // Before its properties: definitions keep the order in which the reader meets them.
    this.definitions.set(name, definition);
    const symbol = this.exported.get(name);
    if (symbol === undefined) this.problems.push(`${name} is not exported`);
    const properties = this.checker.getPropertiesOfType(type);
    definition.shape = {
      type: 'object',
      description:
        symbol === undefined ? '' : readDocComment(symbol, name, this.checker, this.problems).description,
      properties: Object.fromEntries(properties.map((property) => [property.name, this.property(property)])),
      required: properties.filter((property) => !isOptional(property)).map((property) => property.name),
      additionalProperties: false,
    };
    return reference(name);
  }

  private property(symbol: ts.Symbol): Property {
    const where = placeOf(symbol);
    const told = readDocComment(symbol, where, this.checker, this.problems);
    const declaration = symbol.declarations?.[0];
    const words = declaration === undefined ? [] : this.wordsIn(declaration);
    const shape = this.shape(this.checker.getTypeOfSymbol(symbol), words, where);
    const tellsDefault = told.default !== undefined || told.defaultText !== undefined;
    // An interface's own properties tell what holds without it.
    if (isOptional(symbol) && !tellsDefault && !('$ref' in shape))
      this.problems.push(`${where} may be left out, and no @default says what holds then`);
    if (!isOptional(symbol) && tellsDefault) this.problems.push(`${where} has a default and is required`);
    if (told.default !== undefined && !fits(told.default, shape))
      this.problems.push(`${where} has the default ${told.default}; ${allowed(shape)} allowed`);
    return { ...told, ...shape };
  }

  private shape(type: ts.Type, words: readonly string[], where: string): Shape {
    const members = (type.isUnion() ? type.types : [type]).filter(
      ({ flags }) => (flags & ts.TypeFlags.Undefined) === 0,
    );
    const plain = members.filter((member) => !['Promise', 'OutputInstance'].includes(nameOf(member)));
    const [first, ...others] = this.forms(plain, words, where);
    return {
      ...(first === undefined || others.length > 0
        ? { anyOf: first === undefined ? [] : [first, ...others] }
        : first),
      ...(plain.length < members.length ? { input: true as const } : {}),
    };
  }

  /** The forms that a union's members make: texts and the two booleans are one form each. */
  private forms(members: readonly ts.Type[], words: readonly string[], where: string): readonly Shape[] {
    const place = (label: string) => {
      const index = words.indexOf(label);
      return index < 0 ? words.length : index;
    };
    // The checker's own order of a union's members follows the order in which it happens to meet them.
    const ordered = members
      .map((member) => ({ member, label: labelOf(member, this.checker) }))
      .sort((a, b) => place(a.label) - place(b.label) || a.label.localeCompare(b.label));
    const texts = ordered.flatMap(({ member }) => (member.isStringLiteral() ? [member.value] : []));
    const forms: Shape[] = [];
    for (const { member } of ordered) {
      if (member.isStringLiteral()) {
        if (member.value === texts[0]) forms.push({ type: 'string', enum: texts });
      } else if (member.flags & ts.TypeFlags.BooleanLike) {
        if (!forms.some((form) => 'type' in form && form.type === 'boolean')) forms.push({ type: 'boolean' });
      } else forms.push(this.form(member, words, where));
    }
    return forms;
  }

  private form(type: ts.Type, words: readonly string[], where: string): Shape {
    if (type.flags & ts.TypeFlags.String) return { type: 'string' };
    if (type.flags & ts.TypeFlags.Unknown) return { type: anything };
    if (type.flags & ts.TypeFlags.Number) return { type: 'integer' };
    if (this.checker.isArrayType(type)) {
      const [element] = this.checker.getTypeArguments(type as ts.TypeReference);
      if (element !== undefined) return { type: 'array', items: this.shape(element, words, where) };
    }
    const entries = this.checker.getIndexInfoOfType(type, ts.IndexKind.String);
    if (entries !== undefined && this.checker.getPropertiesOfType(type).length === 0)
      return { type: 'object', additionalProperties: this.shape(entries.type, words, where) };
    const name = interfaceName(type);
    if (name !== undefined) return this.define(name, type);
    this.problems.push(
      `${where} is of type ${this.checker.typeToString(type)}; texts, numbers, booleans, lists, maps, exported interfaces and unions of these are known`,
    );
    return { type: 'string' };
  }

  /** Texts, keywords and names in the order in which a declaration writes them, those of what it names in their place. */
  private wordsIn(node: ts.Node, seen = new Set<ts.Node>()): readonly string[] {
    if (seen.has(node)) return [];
    seen.add(node);
    const words = ts.isStringLiteral(node) ? [node.text] : [ts.tokenToString(node.kind) ?? ''];
    if (ts.isTypeReferenceNode(node)) words.push(node.typeName.getText());
    const named = this.namedBy(node);
    if (named !== undefined) words.push(...this.wordsIn(named, seen));
    ts.forEachChild(node, (child) => void words.push(...this.wordsIn(child, seen)));
    return words;
  }

  /** What stands for a type's alias, or for the constant of a `typeof`. */
  private namedBy(node: ts.Node): ts.Node | undefined {
    const name = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isTypeQueryNode(node)
        ? node.exprName
        : undefined;
    const symbol = name === undefined ? undefined : this.checker.getSymbolAtLocation(name);
    if (symbol === undefined) return undefined;
    const target = symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
    const [declaration] = target.declarations ?? [];
    if (declaration === undefined) return undefined;
    if (ts.isTypeAliasDeclaration(declaration)) return declaration.type;
    return ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  }
}

function isOptional(symbol: ts.Symbol): boolean {
  return (symbol.flags & ts.SymbolFlags.Optional) !== 0;
}

/** A property as the reader of an error finds it: in the interface that declares it, not in one that inherits it. */
function placeOf(property: ts.Symbol): string {
  const holder = property.declarations?.[0]?.parent;
  return holder !== undefined && ts.isInterfaceDeclaration(holder)
    ? `${holder.name.text}.${property.name}`
    : property.name;
}

/** An interface, alone or with what an intersection joins to it. */
function interfaceName(type: ts.Type): string | undefined {
  const parts = type.isIntersection() ? type.types : [type];
  const [name, ...others] = parts.filter((part) => part.isClassOrInterface() && !part.isClass()).map(nameOf);
  return others.length === 0 ? name : undefined;
}

function nameOf(type: ts.Type): string {
  return type.getSymbol()?.name ?? '';
}

/** What a declaration calls a type. */
function labelOf(type: ts.Type, checker: ts.TypeChecker): string {
  if (type.isStringLiteral()) return type.value;
  return interfaceName(type) ?? type.aliasSymbol?.name ?? checker.typeToString(type);
}
