/**
 * Work under a signal that aborts with the parent, or when its time is up; 0 is without end. A timer of our own holds
 * it: what AbortSignal.any makes of AbortSignal.timeout is lost to the garbage collector on Node 20.
 */
export async function withDeadline<T>(
  parent: AbortSignal,
  seconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const cancel = () => controller.abort(parent.reason);
  const expire = () =>
    controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
  const timer = seconds > 0 ? setTimeout(expire, seconds * 1_000) : undefined;
  if (parent.aborted) cancel();
  parent.addEventListener('abort', cancel, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    parent.removeEventListener('abort', cancel);
  }
}
