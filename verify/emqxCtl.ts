/** The client ids in the output of `emqx ctl clients list`; those that are connected only. */
export function connectedClients(output: string): string[] {
  return output.split('\n').flatMap((line) => {
    const match = /^Client\((.*), username=.*\bconnected=true\b/.exec(line);
    return match?.[1] === undefined ? [] : [match[1]];
  });
}

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
