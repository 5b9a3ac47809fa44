import type { OtherChange } from './otherChanges';
import { changesNothing, type Report, type ReportedFiles } from './report';

/** GitHub takes comments of at most 65,536 characters. */
const longestComment = 65_000;

/** For a comment on a pull request. */
export function renderMarkdown(report: Report, stack: string): string {
  const { hosts, files } = report;
  const parts = [
    `### Preview of \`${stack}\``,
    ...messagesOf(report).map((text) => `> ${text.replaceAll('\n', '\n> ')}`),
    changesNothing(report) ? 'Nothing changes.' : '',
    hosts.length === 0
      ? ''
      : [
          '| in this order | what happens | to clients |',
          '| --- | --- | --- |',
          ...hosts.map(({ name, happens, clients }) => `| \`${name}\` | ${happens} | ${clients} |`),
        ].join('\n'),
    durationOf(report),
    otherLines(report, (text) => `- ${text}`),
  ].filter((part) => part !== '');
  return withFiles(`${parts.join('\n\n')}\n`, files);
}

function withFiles(head: string, files: readonly ReportedFiles[]): string {
  let text = head;
  for (const [index, { hosts, path, diff }] of files.entries()) {
    const fence = '`'.repeat(Math.max(3, longestRun(diff) + 1));
    const part = `\n<details><summary><code>${path}</code> on ${hosts.join(', ')}</summary>\n\n${fence}diff\n${diff}\n${fence}\n\n</details>\n`;
    const left = files.length - index;
    const rest = `\n${left} more changed files would make this comment too long: see \`npm run preview\`.\n`;
    if (text.length + part.length + rest.length > longestComment) return text + rest;
    text += part;
  }
  return text;
}

/** A fence must be longer than any in the text. */
function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}

/** For a terminal. */
export function renderText(report: Report): string {
  const { hosts, files } = report;
  const width = Math.max(0, ...hosts.map(({ name }) => name.length));
  const parts = [
    messagesOf(report).join('\n'),
    changesNothing(report) ? 'Nothing changes.' : '',
    hosts.length === 0
      ? ''
      : [
          'Hosts, in this order:',
          ...hosts.map(
            ({ name, happens, clients }) => `  ${name.padEnd(width)}  ${happens}. Clients: ${clients}.`,
          ),
        ].join('\n'),
    durationOf(report),
    otherLines(report, (text) => `  ${text}`),
    ...files.map(({ hosts: its, path, diff }) => `${path} on ${its.join(', ')}:\n${diff}`),
  ].filter((part) => part !== '');
  return `${parts.join('\n\n')}\n`;
}

function messagesOf({ messages }: Report): readonly string[] {
  return messages.map(({ severity, text }) => `${severity}: ${text}`);
}

function durationOf({ minutes }: Report): string {
  return minutes === undefined
    ? ''
    : `Replacing hosts takes about ${minutes} min, as measured in the lab; a drain takes longer with many clients.`;
}

function otherLines({ others: { changes, onlyTags } }: Report, line: (text: string) => string): string {
  const lines = changes.map(described);
  if (onlyTags > 0) lines.push(`tags of ${onlyTags} ${onlyTags === 1 ? 'resource' : 'resources'}`);
  return lines.length === 0 ? '' : ['Beside the hosts:', '', ...lines.map(line)].join('\n');
}

const verbs: Readonly<Record<string, string>> = {
  create: 'makes',
  update: 'changes',
  replace: 'REPLACES',
  delete: 'DELETES',
};

function described({ op, name, type, properties }: OtherChange): string {
  const what = properties.length === 0 ? '' : `: ${properties.join(', ')}`;
  return `${verbs[op] ?? op} ${name} (${type})${what}`;
}
