/** Of the package's schema, what the Pulumi Registry shows. */
interface Shown {
  readonly name: string;
  readonly displayName?: string;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly publisher?: string;
  readonly repository?: string;
  readonly license?: string;
  readonly logoUrl?: string;
  readonly pluginDownloadURL?: string;
}

const categories = [
  'cloud',
  'database',
  'infrastructure',
  'monitoring',
  'network',
  'utility',
  'versioncontrol',
];

/**
 * What the Pulumi Registry asks of a package (pulumi.com/docs, "Publishing to the Pulumi Registry", 2026-11) and this
 * one lacks, with how to mend it.
 */
export function registryProblems(read: (path: string) => string): readonly string[] {
  // Derived, and held to its form by tests.
  const shown = JSON.parse(read('provider/schema.json')) as Shown;
  const { displayName = '', description = '', keywords = [] } = shown;
  const category = keywords.find((word) => word.startsWith('category/'))?.replace('category/', '') ?? 'none';
  const repository = /^https:\/\/github\.com\/[\w-]+\/([\w.-]+)$/.exec(shown.repository ?? '')?.[1];
  return [
    ...lacking(shown.publisher, 'publisher', 'give `author` in package.json'),
    ...lacking(shown.repository, 'repository', 'give `repository` in package.json, a repository of GitHub'),
    ...(repository === undefined || repository.startsWith('pulumi-')
      ? []
      : [`repository: is named ${repository}; the Registry asks for a name that begins with pulumi-`]),
    ...lacking(shown.logoUrl, 'logoUrl', 'it follows from `repository`'),
    ...lacking(shown.license, 'license', 'give `license` in provider/package.json'),
    ...(categories.includes(category)
      ? []
      : [`keywords: has category ${category}; allowed are ${categories.join(', ')}`]),
    ...(keywords.includes('kind/component') ? [] : ['keywords: has no kind/component']),
    ...(namesPackage(description, shown.name) ? [] : [`description: does not name ${shown.name}`]),
    ...lacking(
      shown.pluginDownloadURL,
      'pluginDownloadURL',
      'the Registry wants an executable plugin on each release; this one is found by its tag',
    ),
    ...headingProblems(read, 'docs/_index.md', displayName),
    ...headingProblems(
      read,
      'docs/installation-configuration.md',
      `${displayName} Installation & Configuration`,
    ),
  ];
}

function lacking(value: string | undefined, path: string, how: string): readonly string[] {
  return value === undefined || value === '' ? [`${path}: is not given; ${how}`] : [];
}

function namesPackage(description: string, name: string): boolean {
  const words = description.toLowerCase();
  return name.split('-').every((word) => words.includes(word));
}

/** What stands above a page: the Registry takes its title, its description for search engines and its layout from there. */
function headingProblems(read: (path: string) => string, path: string, title: string): readonly string[] {
  const heading = /^---\n([\s\S]*?)^---\n/m.exec(read(path))?.[1] ?? '';
  const told = (key: string) => new RegExp(`^${key}: (.+)$`, 'm').exec(heading)?.[1];
  return [
    ...(told('title') === title
      ? []
      : [`${path}: has the title ${told('title') ?? 'none'} and not ${title}`]),
    ...(told('meta_desc') === undefined ? [`${path}: has no meta_desc`] : []),
    ...(told('layout') === 'package'
      ? []
      : [`${path}: has the layout ${told('layout') ?? 'none'} and not package`]),
  ];
}
