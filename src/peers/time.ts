// Time as peers see it. Nobody's wall clock is asked: only how long something takes here. A simulation brings a time of its own.

export interface Time {
  /** Milliseconds since some beginning; never goes back, and says nothing of the time of day. */
  nowMs(): number;
  /** Calls `alarm` once, `delayMs` from now. Returns what calls it off. */
  after(delayMs: number, alarm: () => void): () => void;
}

/** This process's time. */
export const processTime: Time = {
  nowMs: () => performance.now(),
  after: (delayMs, alarm) => {
    const timer = setTimeout(alarm, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or at once when `signal` fires. */
export function pass(time: Time, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const done = (): void => {
      cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const cancel = time.after(delayMs, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
