import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { preProcessFile } from 'typescript';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const root = join(__dirname, '..', '..');
const names = z.record(z.string(), z.string()).default({});
const manifestSchema = z.object({ dependencies: names, devDependencies: names, peerDependencies: names });
const product = manifestOf('.');
const lab = manifestOf('lab');

function manifestOf(folder: string) {
  return manifestSchema.parse(JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')));
}

/** The packages that the sources in a folder import. */
function importedIn(folder: string): readonly string[] {
  const found = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes('/node_modules/'))
    .flatMap((file) => preProcessFile(readFileSync(file, 'utf8')).importedFiles)
    .map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('.') && !isBuiltin(name));
  return [...new Set(found.map(packageOf))].sort();
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

describe('what is imported is declared', () => {
  it('by the package that users install, and nothing else of the repository is', () => {
    const installed = { ...product.dependencies, ...product.peerDependencies };
    expect(importedIn('components').filter((name) => !(name in installed))).toEqual([]);
    expect(
      Object.keys(product.dependencies).filter((name) => !importedIn('components').includes(name)),
    ).toEqual([]);
  });

  it.each(['infra', 'verify', 'proving', 'bench', 'awsCheck', 'tests'])(
    'by the repository, for %s',
    (folder) => {
      const declared = { ...product.dependencies, ...product.devDependencies };
      const ownName = 'emqx-haproxy';
      expect(importedIn(folder).filter((name) => name !== ownName && !(name in declared))).toEqual([]);
    },
  );

  it("by the provider, which installs the components' packages by itself", () => {
    const needed = Object.keys({ ...product.dependencies, ...product.peerDependencies });
    const declared = Object.keys(manifestOf('provider').dependencies);
    expect(needed.filter((name) => !declared.includes(name))).toEqual([]);
  });

  it('by the lab itself, in the version that the repository has', () => {
    const declared = { ...lab.dependencies, ...lab.devDependencies };
    expect(importedIn('lab').filter((name) => !(name in declared))).toEqual([]);
    const shared = Object.entries({ ...product.dependencies, ...product.devDependencies });
    for (const [name, version] of shared) expect(declared[name] ?? version, name).toBe(version);
  });
});
