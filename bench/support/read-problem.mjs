/** Reads what problem.mjs wrote, inside a peer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A tensor, or the features of the first `count` numbers. */
export function readFloats(folder, name, count) {
  const bytes = readFileSync(join(folder, `${name.replaceAll('/', '__')}.f32`));
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return count === undefined ? all : all.slice(0, count);
}

/** The graph, the names of its only input and output, and the features of `batch` clips with their shape. */
export function readProblem(folder, batch) {
  const graph = JSON.parse(readFileSync(join(folder, 'graph.json'), 'utf8'));
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  const { shape } = graph.nodes.find((node) => node.name === input);
  const features = readFloats(folder, 'features', batch * shape[0] * shape[1] * shape[2]);
  return { graph, input, output, shape: [batch, ...shape], features };
}

/** Parameters or statistics of a graph by name. */
export function readTensors(folder, specs) {
  return Object.fromEntries(Object.keys(specs).map((name) => [name, readFloats(folder, name)]));
}
