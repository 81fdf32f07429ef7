/** How many numbers of a map loops by channels or bands take at a time, so that they are still in the first cache when the next pass. */
import { word } from './simd';

/** Rows taken at most at a time, so that they stay in cache over all channels. */
export const CHUNK: i32 = 256;
/** Numbers of a map cut into bands taken at a time, some lines of all its frequencies: they stay in the first cache, too. */
const STRIP: i32 = 4096;

/** Rows of so many channels taken at a time. */
// @ts-ignore: decorator
@inline
export function rowsOf(C: i32): i32 {
  return min(CHUNK, max(32, STRIP / C));
}

/** What was read, so that reads are not left out. */
let seen: i32 = 0;

/** Brings what lies at words `first`, `second` (and `third`) of a call, from byte `at` on, to the first cache in its order: loops by channels or bands would wait for each line of it. */
export function fetch(a: usize, first: i32, second: i32, third: i32, at: usize, bytes: usize): void {
  fetchMap(word(a, first), at, bytes);
  fetchMap(word(a, second), at, bytes);
  if (third) fetchMap(word(a, third), at, bytes);
}

function fetchMap(map: usize, at: usize, bytes: usize): void {
  if (!map) return;
  let sum = 0;
  for (let i: usize = 0; i < bytes; i += 64) sum += load<i32>(map + at + i);
  seen = sum;
}

/** Lines of so many numbers taken at a time. */
// @ts-ignore: decorator
@inline
export function linesOf(numbers: i32): i32 {
  return max(8, STRIP / numbers);
}
