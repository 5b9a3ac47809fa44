import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deriveArgumentsSchema } from '../arguments/derive';
import { programOf } from '../arguments/program';
import type { DerivedFile } from '../infra/docs';
import { derivedFiles as programFiles, outdatedFiles } from '../infra/docs';
import { deriveOutputs } from './deriveOutputs';
import { withExamples } from './examples';
import { renderOutputs } from './outputsDocs';
import type { PackageFacts, PackageSchema } from './packageSchema';
import { packageSchema } from './packageSchema';
import type { SpokenSchema } from './spoken';
import { spokenSchema } from './spoken';

/** What is derived from the components' arguments and outputs, for the provider to serve. */
export function derivePackage(): { readonly spoken: SpokenSchema; readonly schema: PackageSchema } {
  const taken = join(__dirname, 'arguments.ts');
  const told = join(__dirname, 'outputs.ts');
  const program = programOf([taken, told]);
  const spoken = spokenSchema(deriveArgumentsSchema(program, taken, 'ComponentArguments'));
  return { spoken, schema: packageSchema(facts(), spoken, deriveOutputs(program, told, 'ComponentOutputs')) };
}

/** Every file that is derived from the sources. */
export function derivedFiles(): readonly DerivedFile[] {
  const { spoken, schema } = derivePackage();
  return [
    ...programFiles(),
    { path: join(__dirname, 'arguments.schema.json'), content: `${JSON.stringify(spoken, null, 2)}\n` },
    { path: join(__dirname, 'schema.json'), content: `${JSON.stringify(schema, null, 2)}\n` },
    { path: join(root, 'docs', 'outputs.md'), content: renderOutputs(schema) },
    ...showExamples.map((page) => ({
      path: join(root, page),
      content: withExamples(readFromRoot(page), readFromRoot),
    })),
  ];
}

const root = join(__dirname, '..');
/** Pages that show examples, which are copied there. */
const showExamples = ['docs/languages.md', 'docs/_index.md'];

function readFromRoot(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function facts(): PackageFacts {
  // Tests hold these manifests to the form that is read here.
  const manifest = JSON.parse(readFileSync(join(__dirname, 'package.json'), 'utf8')) as PackageFacts;
  const whole = JSON.parse(readFromRoot('package.json')) as {
    readonly author?: string;
    readonly repository?: { readonly url: string };
  };
  return { ...manifestFacts(manifest), ...publishedFacts(whole.author, whole.repository?.url) };
}

function manifestFacts({ version, description, license }: PackageFacts): PackageFacts {
  return { version, description, license };
}

/** What the Pulumi Registry shows beside; the maintainer says it in the root's manifest, since npm wants it there. */
export function publishedFacts(author: string | undefined, url: string | undefined): Partial<PackageFacts> {
  const repository = url?.replace(/^git\+/, '').replace(/\.git$/, '');
  const publisher = author?.replace(/ *[<(].*$/, '');
  return {
    ...(publisher === undefined ? {} : { publisher }),
    ...(repository === undefined
      ? {}
      : {
          repository,
          logoUrl: `${repository.replace('//github.com', '//raw.githubusercontent.com')}/main/docs/images/logo.svg`,
        }),
  };
}

/** `npm run docs` writes what is derived; with `--check` it compares instead and exits 1 on a difference. */
function main(check: boolean): void {
  const files = derivedFiles();
  if (!check) {
    for (const { path, content } of files) writeFileSync(path, content);
    return;
  }
  const outdated = outdatedFiles(files);
  if (outdated.length === 0) return;
  process.stderr.write(`${outdated.join(', ')}: not what the sources say now; run \`npm run docs\`\n`);
  process.exitCode = 1;
}

if (require.main === module) main(process.argv.includes('--check'));
