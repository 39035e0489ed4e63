const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const PARENT_LOOK_MS = 250;

/**
 * Calls `stop` when the operator asks for the end: a signal, or the end of the npm or the demo that started us and was
 * killed without a word. A server started from a shell or by init goes on without its parent.
 * Replaces the handlers of others: Miniflare's exit at once with 128 + n.
 */
export function onStopRequest(stop: () => void): void {
  for (const signal of signals) {
    process.removeAllListeners(signal);
    process.on(signal, stop);
  }
}

/** Calls `stop` once when the npm or the demo that started this process is gone. */
export function onParentGone(stop: () => void): void {
  if (process.connected) process.once('disconnect', stop);
  const parent = process.ppid;
  if (process.env['npm_lifecycle_event'] === undefined || parent === 1) return;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, PARENT_LOOK_MS);
  timer.unref();
}
