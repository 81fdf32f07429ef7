/** What is measured: one network with weights and inputs, in a folder that peers of any language read. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foldNorms } from './fold-norms.mjs';
import { fuseTfjs } from './fuse-tfjs.mjs';

/** Numbers of no meaning but the same on all sides, between −scale and scale. */
function noise(length, scale, start = 12345) {
  const numbers = new Float32Array(length);
  let state = start;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    numbers[i] = scale * (state / 2147483648 - 1);
  }
  return numbers;
}

const sizeOf = (shape) => shape.reduce((product, size) => product * size, 1);

/** Statistics as a trained network might have them: none 0, none 1. */
function statisticsOf(graph) {
  const entries = Object.entries(graph.statistics).map(([name, { shape, role }], i) => {
    const values = noise(sizeOf(shape), role === 'mean' ? 0.2 : 0.3, i + 1);
    return [name, role === 'mean' ? values : values.map((value) => 1 + value)];
  });
  return Object.fromEntries(entries);
}

function parametersOf(graph, initializeParameters) {
  const parameters = initializeParameters(graph, 1);
  for (const [name, values] of Object.entries(parameters))
    if (graph.parameters[name].role === 'gamma') values.fill(1);
  return parameters;
}

/**
 * A problem: `{ name, graph, parameters, macs, batch, folder, remove }`. In the folder: graph.json, folded.json (BatchNorms
 * folded), every tensor, `features` and `seeds` (the gradient put in at the output) as little-endian float32 files,
 * model.onnx and tfjs/model.json with weights.bin. Dropout is left out, so that outputs can be compared.
 * `sources`: the project's modules.
 */
export function makeProblem(name, batch, sources) {
  const built = sources.modelEntry(name).build();
  const nodes = built.nodes.map((node) => (node.op === 'dropout' ? { ...node, rate: 0 } : node));
  const graph = { ...built, nodes };
  const shapeOf = (node) => nodes.find((other) => other.name === node).shape;
  const parameters = parametersOf(graph, sources.initializeParameters);
  const tensors = { ...parameters, ...statisticsOf(graph) };
  const maps = {
    features: noise(batch * sizeOf(shapeOf(graph.inputs[0])), 1.7),
    seeds: noise(batch * sizeOf(shapeOf(graph.outputs[0])), 1 / batch),
  };
  const folder = mkdtempSync(join(tmpdir(), 'hearken-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  writeProblem(folder, graph, tensors, maps, sources);
  return { name, graph, macs: sources.costsOf(graph).macs, batch, folder, remove };
}

function writeProblem(folder, graph, tensors, maps, sources) {
  const folded = foldNorms(graph, tensors);
  writeFileSync(join(folder, 'graph.json'), JSON.stringify(graph));
  writeFileSync(join(folder, 'folded.json'), JSON.stringify(folded.graph));
  for (const [name, numbers] of Object.entries({ ...tensors, ...folded.tensors, ...maps })) {
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    writeFileSync(join(folder, `${name.replaceAll('/', '__')}.f32`), bytes);
  }
  writeFileSync(join(folder, 'model.onnx'), sources.exportOnnxGraph(graph, tensors));
  const files = sources.exportTfjsGraph(folded.graph, folded.tensors);
  const model = JSON.parse(Buffer.from(files['model.json']).toString());
  fuseTfjs(model);
  mkdirSync(join(folder, 'tfjs'));
  writeFileSync(join(folder, 'tfjs', 'model.json'), JSON.stringify(model));
  writeFileSync(join(folder, 'tfjs', 'weights.bin'), files['weights.bin']);
}
