/** The largest speech networks on both engines: a file of its own, so that two workers share the time. */
import { describe, it } from 'vitest';
import { expectCpuParity } from '../support/cpu-parity.js';
import { slowModels } from '../support/parity.js';

describe('createWasmEngine', () => {
  it.each(slowModels().filter(({ size }) => size === 'base'))(
    'trains and infers $name as the tensorflow engine does',
    ({ name }) => expectCpuParity(name),
  );
});
