/** The command that runs a program of a host's own; more words may follow. */
export const program = (name: string) => `sudo -n /usr/bin/python3 /usr/local/lib/emqx-haproxy ${name}`;
