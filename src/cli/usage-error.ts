/** Options that do not go together: told in one line, exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
