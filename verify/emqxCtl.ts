/** As EMQX's user: the script is that user's, so root must not run it. */
export const emqxCtl = 'cd / && sudo -n -H -u emqx emqx ctl';

/** The running nodes in the output of `emqx ctl cluster status --json`, sorted. */
export function runningNodes(output: string): string[] {
  const status: unknown = JSON.parse(output);
  const nodes =
    typeof status === 'object' && status !== null && 'running_nodes' in status
      ? status.running_nodes
      : undefined;
  if (!Array.isArray(nodes) || !nodes.every((node) => typeof node === 'string')) {
    throw new Error(`no running_nodes in the cluster status ${output.trim()}`);
  }
  return [...nodes].sort();
}
