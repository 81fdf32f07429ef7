/** A value that nobody expected, in few words; quotes tell a number's text from the number. */
export function shownValue(value: unknown, separator = ', '): string {
  if (Array.isArray(value))
    return value.map((one) => shownValue(one, separator)).join(separator) || 'an empty list';
  const isNumeric = typeof value === 'string' && Number.isFinite(Number(value));
  return isNumeric || (typeof value === 'object' && value !== null) ? asJson(value) : String(value);
}

function asJson(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? 'an object').slice(0, 80);
  } catch {
    // It holds itself, or a BigInt.
    return 'an object';
  }
}
