'use strict';
// Turns the TypeScript of the components and of this folder into the one file that index.js starts. npm runs it after
// an install here, also in a clone of a release, which has no built files.
const { join } = require('node:path');
const { buildSync } = require('esbuild');

buildSync({
  entryPoints: [join(__dirname, 'main.ts')],
  outfile: join(__dirname, 'dist', 'main.js'),
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  logLevel: 'warning',
});
