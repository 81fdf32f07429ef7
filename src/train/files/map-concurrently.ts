/** Runs `work` over items, at most `limit` at a time, results in their order; stops at the first error or abort. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  { limit, signal }: { limit: number; signal?: AbortSignal },
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        signal?.throwIfAborted();
        results[index] = await work(items[index], index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}
