import * as ts from 'typescript';
import type { Property } from './schema';

/** What a doc comment says: its text, and the facts in its tags `@default` and `@secret`. */
export type Told = Pick<Property, 'description' | 'secret' | 'default' | 'defaultText'>;

/** Reads the doc comment of an interface or of a property; what is wrong with it goes to `problems`. */
export function readDocComment(
  symbol: ts.Symbol,
  where: string,
  checker: ts.TypeChecker,
  problems: string[],
): Told {
  const description = oneLine(ts.displayPartsToString(symbol.getDocumentationComment(checker)));
  if (description === '') problems.push(`${where} has no doc comment`);
  if (/\bdefaults? to\b/i.test(description))
    problems.push(`${where} tells its default in the text; use the tag @default`);
  let told: Told = { description };
  for (const { name, text } of symbol.getJsDocTags(checker)) {
    const words = oneLine(ts.displayPartsToString(text));
    if (name === 'default' && words !== '') told = { ...told, ...readDefault(words) };
    else if (name === 'secret' && words === '') told = { ...told, secret: true };
    else problems.push(`${where} has @${name} ${words}; @default VALUE OR WORDS and @secret are known`);
  }
  return told;
}

/** One plain value, a text among them in backticks; anything else are words. */
function readDefault(words: string): Pick<Told, 'default' | 'defaultText'> {
  const text = /^`([^`]*)`$/.exec(words)?.[1];
  if (text !== undefined) return { default: text };
  if (words === 'true' || words === 'false') return { default: words === 'true' };
  return /^\d+$/.test(words) ? { default: Number(words) } : { defaultText: words };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}
