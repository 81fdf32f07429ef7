/**
 * The worker's whole program, as text: it starts the kernels on the shared memory and runs the shards it is given. Faults
 * are posted: browsers do not report what is thrown in an `async` handler, and who waits would wait for ever.
 */
export const WORKER_SOURCE = `let kernels, memory, program;
async function answer(data) {
  if (data.module) {
    ({ memory, program } = data);
    kernels = (await WebAssembly.instantiate(data.module, { env: { memory } })).exports;
    return 'ready';
  }
  const words = new Uint32Array(memory.buffer, program.registers, 4);
  const reals = new Float32Array(memory.buffer, program.registers, 4);
  for (const shard of data.shards) {
    words[0] = data.seed;
    words[1] = shard.first;
    reals[2] = data.inverseCount;
    words[3] = shard.index;
    kernels.run(program.start, data.backward ? program.end : program.middle, shard.clips, program.registers);
  }
  return 'done';
}
self.onmessage = async ({ data }) => {
  self.postMessage(await answer(data).catch((error) => ({ failure: String(error) })));
};
`;
