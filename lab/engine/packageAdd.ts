import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GeneratePackageResponse,
  LinkResponse,
  type GeneratePackageRequest,
  type InstallDependenciesRequest,
  type LinkRequest,
  type ProgramInfo,
} from '@pulumi/pulumi/proto/language_pb';
import { z } from 'zod';
import { run } from '../process';
import { ensureSdkGenerator } from './install';
import type { HostedLanguage } from './programCommand';
import { virtualEnvironmentOf } from './programCommand';

const optionsSchema = z.object({ production: z.boolean().default(false) });
const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()).default({}) });

/** The SDK of a package, by Pulumi's own generator. */
export async function generatePackage(
  language: HostedLanguage,
  request: GeneratePackageRequest,
): Promise<GeneratePackageResponse> {
  const folder = mkdtempSync(join(tmpdir(), 'lab-schema-'));
  try {
    const schema = join(folder, 'schema.json');
    writeFileSync(schema, request.getSchema());
    await run(await ensureSdkGenerator(), [schema, request.getDirectory(), language]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return new GeneratePackageResponse();
}

/** Has a Python program ask for SDKs that were written beside it. */
export function linkInPython(request: LinkRequest): LinkResponse {
  const file = join(folderOf(request.getInfo()), 'requirements.txt');
  const asked = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const lines = asked.split('\n').map((line) => line.trim());
  const added = request
    .getPackagesList()
    .map((dependency) => `./${dependency.getPath()}`)
    .filter((path) => !lines.includes(path));
  const before = asked === '' || asked.endsWith('\n') ? asked : `${asked}\n`;
  if (added.length > 0) writeFileSync(file, `${before}${added.join('\n')}\n`);
  const names = request.getPackagesList().map((dependency) => dependency.getPackage()?.getName() ?? '');
  const imports = names.map((name) => `  import pulumi_${name.replaceAll('-', '_')}\n`);
  return new LinkResponse().setImportInstructions(`A program in Python has it by\n\n${imports.join('')}`);
}

/**
 * What the folder of a program or a provider lacks of what it names. The engine asks for it when the user adds or installs
 * packages, and not when it runs a program.
 */
export async function installDependencies(
  language: HostedLanguage,
  request: InstallDependenciesRequest,
): Promise<void> {
  const folder = folderOf(request.getInfo());
  if (language === 'python') await installPython(folder, request.getInfo());
  if (language === 'nodejs' && lacksPackages(folder)) {
    const options = optionsSchema.safeParse(request.getInfo()?.getOptions()?.toJavaScript());
    const kinds = options.data?.production === true ? ['--omit=dev'] : [];
    await run('npm', ['install', '--loglevel=error', ...kinds], { cwd: folder });
  }
}

/** What a checkout has installed further up is found there. */
function lacksPackages(folder: string): boolean {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return false;
  const { dependencies } = manifestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return Object.keys(dependencies).some(
    (name) => !placesAbove(folder).some((place) => existsSync(join(place, name, 'package.json'))),
  );
}

function placesAbove(folder: string): readonly string[] {
  const above = join(folder, '..');
  return [join(folder, 'node_modules'), ...(above === folder ? [] : placesAbove(above))];
}

async function installPython(folder: string, info: ProgramInfo | undefined): Promise<void> {
  if (!existsSync(join(folder, 'requirements.txt'))) return;
  const environment = virtualEnvironmentOf(info, folder);
  if (!existsSync(environment)) await run('python3', ['-m', 'venv', environment]);
  await run(join(environment, 'bin', 'python'), ['-m', 'pip', 'install', '-r', 'requirements.txt'], {
    cwd: folder,
  });
}

function folderOf(info: ProgramInfo | undefined): string {
  const folder = info?.getProgramDirectory() ?? '';
  if (folder === '') throw new Error('the engine names no folder of a program');
  return folder;
}
