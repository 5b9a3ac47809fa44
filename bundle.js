'use strict';
// Bundles main.ts of the folder that it is run in, and what that imports of this repository, into dist/main.js, which
// the folder's index.js starts. npm runs it after an install there, also in a clone of a release, which has no built files.
const { createRequire } = require('node:module');
const { join } = require('node:path');

const folder = process.cwd();
const { buildSync } = createRequire(join(folder, 'package.json'))('esbuild');

buildSync({
  entryPoints: [join(folder, 'main.ts')],
  outfile: join(folder, 'dist', 'main.js'),
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  logLevel: 'warning',
});
