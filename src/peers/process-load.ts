// How much of one processor this process uses.

/** Each call tells it for the time since the one before: 1 is all of one processor. */
export function processLoad(): () => number {
  let before = process.cpuUsage();
  let beforeMs = performance.now();
  return () => {
    const nowMs = performance.now();
    const { user, system } = process.cpuUsage(before);
    const load = (user + system) / 1_000 / Math.max(1, nowMs - beforeMs);
    before = process.cpuUsage();
    beforeMs = nowMs;
    return load;
  };
}
