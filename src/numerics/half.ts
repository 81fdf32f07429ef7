/** Numbers of 16 bits (IEEE 754 binary16) as bit patterns; JavaScript has no such array everywhere. */

/** Largest finite half. */
export const MAX_HALF = 65504;

/** The number that bits stand for, exactly. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
  // Numbers below the normal ones have the smallest exponent and no leading 1.
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Bits of the nearest half, ties to even; what is too large becomes infinite. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  // The step between neighbours: 2⁻²⁴ below 2⁻¹⁴, then a 1024th of the power of two below.
  let power = -14;
  while (power < 15 && size >= 2 ** (power + 1)) power++;
  const steps = roundHalfToEven(size / 2 ** (power - 10));
  // A carry into the next power of two comes out right: exponent and fraction are one number.
  return sign | (steps + (power + 14) * 1024);
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
