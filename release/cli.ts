import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { notesOf } from './changelog';
import { registryProblems } from './registry';
import { releaseFiles, tagProblems } from './version';

const usage = `release VERSION           gives the packages that version, and the changelog its section
release tag vVERSION      is the tag that of what is checked out?
release notes VERSION     what the changelog tells of it
release registry          what the Pulumi Registry asks of a package and this one lacks
`;

const root = join(__dirname, '..');

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function main(words: readonly string[]): number {
  const [verb = '', word, ...more] = words;
  if (more.length > 0) return refuse(usage);
  if (verb === 'registry' && word === undefined) return told(registryProblems(read), 'the Pulumi Registry');
  if (verb === 'tag' && word !== undefined) return told(tagProblems(word, read), word);
  if (verb === 'notes' && word !== undefined) {
    const notes = notesOf(read('CHANGELOG.md'), word);
    if (notes === undefined) return refuse(`CHANGELOG.md: has no [${word}]\n`);
    process.stdout.write(`${notes}\n`);
    return 0;
  }
  if (word !== undefined || verb === '') return refuse(usage);
  const date = new Date().toISOString().slice(0, 10);
  for (const { path, content } of releaseFiles(verb, date, read)) writeFileSync(join(root, path), content);
  execFileSync('npm', ['run', '--silent', 'docs'], { cwd: root, stdio: 'inherit' });
  process.stdout.write(
    `Look at it and commit it: git commit -am 'Release ${verb}'\n` +
      `When it is merged: git tag -s v${verb} -m v${verb} && git push origin v${verb}\n`,
  );
  return 0;
}

function told(problems: readonly string[], what: string): number {
  if (problems.length > 0) return refuse(`${problems.join('\n')}\n`);
  process.stdout.write(`nothing is lacking for ${what}\n`);
  return 0;
}

function refuse(text: string): number {
  process.stderr.write(text);
  return 1;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  process.exitCode = refuse(`${error instanceof Error ? error.message : String(error)}\n`);
}
