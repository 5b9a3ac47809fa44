/** As EMQX's user: the script is that user's, so root must not run it. */
export const emqxCtl = 'cd / && sudo -n -H -u emqx emqx ctl';

/** Its exit code is 1 with any client, although it lists them all. */
export const listClients = `${emqxCtl} clients list || test $? -eq 1`;

/** The client ids in its output; those that are connected only. What is no list is an error, since it is not nobody. */
export function connectedClients(output: string): string[] {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && line !== 'No clients.');
  const other = lines.find((line) => !line.startsWith('Client('));
  if (other !== undefined) throw new Error(`emqx ctl clients list: ${other}`);
  return lines.flatMap((line) => {
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
