/** Numbers for people: the same text on every machine. */

/** 1234567 → "1,234,567". */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Three figures and a letter: 141_150_000 → "141 M", 2_856_000_000 → "2.86 G". */
export function formatShort(count: number): string {
  for (const [size, letter] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (count < size) continue;
    const scaled = count / size;
    return `${scaled.toFixed(scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2)} ${letter}`;
  }
  return String(count);
}

/** 121 kB, 2.86 MB: decimal units. */
export function formatBytes(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${formatShort(bytes)}B`;
}

/** 0.9139 → "91.4 %"; undefined → "–". */
export function formatPercent(fraction: number | undefined, digits = 1): string {
  return fraction === undefined ? '–' : `${(100 * fraction).toFixed(digits)} %`;
}
