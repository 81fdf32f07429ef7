/** Whether builders refuse what they cannot meet. */
import { expect } from 'vitest';
import { ConfigError } from '../../src/errors.js';

/** Runs `build` and expects a ConfigError of this code whose message is "Cannot build " and the rest. */
export function expectRefused(build: () => unknown, code: string, rest: string): void {
  let thrown: unknown;
  try {
    build();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ConfigError);
  expect(thrown).toMatchObject({ code, message: `Cannot build ${rest}` });
  expect(thrown).toHaveProperty('value', expect.anything());
}
