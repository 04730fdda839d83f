/**
 * Bounded waits for tests. uvu has no timeout, so a wait that never ends would take the whole file with it and name
 * nothing. Both reject with the name of what was waited for, and leave no timer behind.
 */

const POLL_MS = 10;

/** Settles as `promise` does, or rejects after `ms` with a message that names `what`. */
export async function deadline<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Error(`${what}: not within ${ms} ms`);
  const bound = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate), ms);
  });
  try {
    return await Promise.race([promise, bound]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Calls `check` each 10 ms and returns its first truthy value. What `check` throws is thrown at once. The same bound
 * cuts off a check that hangs.
 */
export async function until<T>(check: () => T | Promise<T>, ms: number, what: string): Promise<NonNullable<T>> {
  const endMs = performance.now() + ms;
  for (;;) {
    const leftMs = Math.max(endMs - performance.now(), 0);
    const value = await deadline(Promise.resolve(check()), leftMs + POLL_MS, what);
    if (value) return value;
    if (performance.now() >= endMs) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
