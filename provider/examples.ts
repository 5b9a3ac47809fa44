/**
 * A page of documentation in which the block below each line `<!-- example: PATH -->` is what that file says now; `read`
 * gives a file by its path in the repository.
 */
export function withExamples(page: string, read: (path: string) => string): string {
  return page.replace(
    /(<!-- example: (\S+) -->\n\n```\w+\n)[^]*?(```\n)/g,
    (_, head: string, path: string, end: string) => `${head}${read(path)}${end}`,
  );
}
