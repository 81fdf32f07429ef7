/** Every speech network but the largest and those of the quick tests, on both engines. */
import { describe, it } from 'vitest';
import { expectCpuParity } from '../support/cpu-parity.js';
import { slowModels } from '../support/parity.js';

describe('createWasmEngine', () => {
  it.each(slowModels().filter(({ size }) => size !== 'base'))(
    'trains and infers $name as the tensorflow engine does',
    ({ name }) => expectCpuParity(name),
  );
});
