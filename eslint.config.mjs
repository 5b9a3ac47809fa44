import pulumi from '@pulumi/eslint-plugin';
import tseslint from 'typescript-eslint';

/** What each folder may import of the others: arrows go one way, and none leads to tests/. */
const mayImport = {
  components: [],
  arguments: ['components'],
  infra: ['arguments', 'components'],
  provider: ['arguments', 'components', 'infra'],
  policies: [],
  release: [],
  verify: [],
  preview: [],
  recovery: ['verify'],
  lab: [],
  proving: ['components', 'verify', 'lab'],
  bench: ['components', 'verify', 'lab', 'proving'],
  awsCheck: ['components', 'infra', 'verify', 'lab', 'proving'],
  tests: [
    'arguments',
    'components',
    'infra',
    'provider',
    'policies',
    'release',
    'verify',
    'preview',
    'recovery',
    'lab',
    'proving',
    'awsCheck',
    'examples',
  ],
};

const folders = [...Object.keys(mayImport), 'examples'];

const arrows = Object.entries(mayImport).map(([folder, allowed]) => {
  const forbidden = folders.filter((other) => other !== folder && !allowed.includes(other));
  const message = `${folder}/ may import ${allowed.length === 0 ? 'no other folder' : allowed.join(', ')}.`;
  const pattern = { regex: `^(\\.\\./)+(${forbidden.join('|')})(/|$)`, message };
  return { files: [`${folder}/**`], rules: { 'no-restricted-imports': ['error', { patterns: [pattern] }] } };
});

export default tseslint.config(
  {
    ignores: [
      '**/node_modules',
      '**/dist',
      '.lab',
      '**/*.js',
      '**/*.mjs',
      '**/*.mts',
      'tests/package/consumer',
      // A package of its own, compiled by tests/package.
      'examples/existing-vpc',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    plugins: { '@pulumi': pulumi },
    rules: {
      '@pulumi/no-output-in-template-literal': 'error',
      '@pulumi/no-output-instance-in-template-literal': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  ...arrows,
);
