import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { OperatingSystem } from './model';
import { repositories } from './packages/repositories';
import type { PackageSet } from './packages/repository';
import { paths } from './paths';
import { readSettings, systemsIn, type Settings } from './settings';

/** The lab's only stack. */
export const stackName = 'lab';

/** A Pulumi program, and what it needs of the lab. */
export interface Program {
  /** Where its Pulumi.yaml is. */
  readonly folder: string;
  /** Its name there. */
  readonly project: string;
  /** What it is written in. */
  readonly language: (typeof languages)[number];
  /** The configuration of its stack; need not exist. */
  readonly stackFile: string;
  readonly region: string;
  /** What its hosts run. */
  readonly operatingSystems: readonly OperatingSystem[];
  /** What its hosts can install. */
  readonly packages: PackageSet;
  /** A command that proves its stack, given the outputs. */
  readonly verify: readonly string[] | undefined;
  /** Pages of its hosts, by name. */
  readonly pages: Settings['pages'];
  /** What `start` ends with. */
  readonly next: readonly string[];
  readonly passphrase: string;
}

const projectFiles = ['Pulumi.yaml', 'Pulumi.yml'] as const;
const languages = ['nodejs', 'yaml', 'python', 'go'] as const;
const language = z.enum(languages);
const projectSchema = z.looseObject({
  name: z.string().min(1),
  runtime: z
    .union([language, z.looseObject({ name: language }).transform(({ name }) => name)])
    .default('nodejs'),
  config: z.unknown().optional(),
});
const stackSchema = z.looseObject({ config: z.unknown().optional() });
const regionSchema = z.looseObject({ 'aws:region': z.string() });

/**
 * The program of a folder or of the nearest one above it. Its stack's configuration is Pulumi.lab.yaml, or the file
 * that LAB_STACK_FILE names.
 */
export function loadProgram(from: string): Program {
  const projectFile = findProjectFile(resolve(from));
  if (projectFile === undefined) {
    throw new Error(
      `no Pulumi program in ${resolve(from)} or above it: name the folder of a Pulumi.yaml by --program FOLDER`,
    );
  }
  const folder = dirname(projectFile);
  const project = projectSchema.safeParse(parse(readFileSync(projectFile, 'utf8'))).data;
  if (project === undefined)
    throw new Error(
      `${projectFile} has no name, or a runtime that the lab has not: it has ${languages.join(', ')}`,
    );
  const stackFile = resolve(process.env['LAB_STACK_FILE'] ?? join(folder, `Pulumi.${stackName}.yaml`));
  const stackText = existsSync(stackFile) ? readFileSync(stackFile, 'utf8') : '';
  const settings = readSettings(folder);
  const named = systemsIn(stackText);
  return {
    folder,
    project: project.name,
    language: project.runtime,
    stackFile,
    region: regionOf(stackSchema.safeParse(parse(stackText)).data) ?? regionOf(project) ?? 'eu-central-1',
    operatingSystems: settings.operatingSystems ?? (named.length === 0 ? ['debian-13'] : named),
    packages: {
      folder: paths.packages(project.name),
      debian: settings.packages,
      repositories: settings.repositories.flatMap((name) => repositories[name] ?? []),
    },
    verify: settings.verify,
    pages: settings.pages,
    next: settings.next,
    passphrase: settings.passphrase,
  };
}

function findProjectFile(folder: string): string | undefined {
  const found = projectFiles.map((name) => join(folder, name)).find((file) => existsSync(file));
  const above = dirname(folder);
  return found ?? (above === folder ? undefined : findProjectFile(above));
}

/** The region that a configuration names; elsewhere it is the environment's. */
function regionOf(file: { readonly config?: unknown } | undefined): string | undefined {
  return regionSchema.safeParse(file?.config).data?.['aws:region'];
}
