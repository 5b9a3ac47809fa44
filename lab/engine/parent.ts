const pollMs = 1_000;

/**
 * Ends this process when the process that started it is gone. The engine ends its plugins itself, but not when it is
 * killed, and a plugin left behind would hold its port and memory for ever.
 */
export function exitWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, pollMs).unref();
}
