import { cos } from '../numerics/elementary.js';

/** The periodic Hann window, ½ − ½ cos(2π i / size), as `size` numbers. */
export function hannWindow(size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => 0.5 - 0.5 * cos((2 * Math.PI * i) / size));
}
