/**
 * Lets file systems take what their volumes have grown by while the host runs: the root's as cloud-init does at each
 * boot, and that of a data volume, where one is mounted; what that cannot take while it is, it takes at the next boot.
 */
export const growDisks = [
  'set -eu',
  'for each in growpart resizefs; do sudo cloud-init single --name $each --frequency always >/dev/null; done',
  'data=$(findmnt --noheadings --types ext4 --output SOURCE /var/lib/emqx || :)',
  '[ -z "$data" ] || sudo resize2fs "$data" || echo "$data grows at the next boot"',
].join('\n');
