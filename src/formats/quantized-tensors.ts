/**
 * The tensors of a quantised model file (version 2). Names would outweigh such small numbers, so tensors of a kind lie one after
 * the other, in the order in which the graph's nodes read them: `int8/weights` (I8), `int8/scales` (F16, one an output channel),
 * `float16/parameters` (F16, what is left). Statistics are not stored: means are 0, variances 1. The text `quantization` has
 * `[scale, zero]` of the nodes that multiply integers.
 */
import { ModelFileError } from '../errors.js';
import { type Graph, sizeOf, type Tensors } from '../graph/graph.js';
import { type Grid, type Quantization, weightNames, weightsOf } from '../graph/quantization.js';
import { parameterNames } from '../graph/subgraph.js';
import { halfToNumber, numberToHalf } from '../numerics/half.js';
import type { Model } from './model.js';
import type { Dtype, StoredTensor, TensorData } from './stored-tensor.js';

const DTYPES = {
  'int8/weights': 'I8',
  'int8/scales': 'F16',
  'float16/parameters': 'F16',
} as const satisfies Record<string, Dtype>;
type Blob = keyof typeof DTYPES;

/** Which tensors lie where: names with their numbers, by blob. */
function contentsOf(graph: Graph): Record<Blob, Map<string, number>> {
  const outputs = weightNames(graph.nodes);
  const sizes = (names: Iterable<string>) =>
    new Map([...names].map((name) => [name, sizeOf(graph.parameters[name].shape)]));
  const read = new Set(graph.nodes.flatMap(parameterNames));
  const rest = [...read].filter((name) => Object.hasOwn(graph.parameters, name) && !outputs.has(name));
  return { 'int8/weights': sizes(outputs.keys()), 'int8/scales': outputs, 'float16/parameters': sizes(rest) };
}

/** The tensors of a checked model. @throws ModelFileError for a parameter that is no half. */
export function storeQuantized(
  model: Model & { readonly quantization: Quantization },
): Record<string, StoredTensor> {
  const { graph, parameters, quantization } = model;
  const halves = (values: Float32Array, name: string) => toHalves(values, name, model.name);
  const numbersOf: Record<Blob, (name: string) => ArrayLike<number>> = {
    'int8/weights': (name) => quantization.weights[name].integers,
    'int8/scales': (name) => halves(quantization.weights[name].scales, name),
    'float16/parameters': (name) => halves(parameters[name], name),
  };
  const tensors: Record<string, StoredTensor> = {};
  for (const [blob, names] of Object.entries(contentsOf(graph)) as [Blob, Map<string, number>][]) {
    const length = [...names.values()].reduce((sum, numbers) => sum + numbers, 0);
    const dtype = DTYPES[blob];
    const data = dtype === 'I8' ? new Int8Array(length) : new Uint16Array(length);
    let at = 0;
    for (const [name, numbers] of names) {
      data.set(numbersOf[blob](name), at);
      at += numbers;
    }
    if (length > 0) tensors[blob] = { dtype, shape: [length], data };
  }
  return tensors;
}

function toHalves(values: Float32Array, name: string, model: string): Uint16Array {
  const halves = Uint16Array.from(values, numberToHalf);
  const lost = values.findIndex((value, i) => halfToNumber(halves[i]) !== value);
  if (lost < 0) return halves;
  throw fault(`Cannot write model ${model}`, `numbers of 16 bits in ${name}`, `${values[lost]}`, name);
}

/** The texts of `quantization` by node: `[scale, zero]`. */
export function compactGrids({ grids }: Quantization): Record<string, [number, number]> {
  return Object.fromEntries(Object.entries(grids).map(([name, { scale, zero }]) => [name, [scale, zero]]));
}

/** Grids from parsed JSON; `checkModel` judges their numbers. @throws ModelFileError if they are no pairs. */
export function expandGrids(value: unknown, name: string): Record<string, Grid> {
  const grids: Record<string, Grid> = Object.create(null);
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isRecord)
    throw fault(`Cannot read quantization of ${name}`, 'an object', `${JSON.stringify(value)}`.slice(0, 80));
  for (const [node, pair] of Object.entries(value)) {
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((part) => typeof part === 'number')) {
      const found = `${JSON.stringify(pair)}`.slice(0, 80);
      throw fault(`Cannot read quantization of ${name}`, `a scale and a zero of ${node}`, found, node);
    }
    grids[node] = { scale: pair[0], zero: pair[1] };
  }
  return grids;
}

/**
 * Parameters, statistics and integers of a sound graph from a file's tensors, which may hold more.
 * @throws ModelFileError naming the tensor that is missing or of another kind or length.
 */
export function takeQuantized(
  graph: Graph,
  tensors: Readonly<Record<string, StoredTensor>>,
  name: string,
): Pick<Model, 'parameters' | 'statistics'> & Pick<Quantization, 'weights'> {
  const contents = contentsOf(graph);
  const cut = <T extends TensorData>(blob: Blob) => cutBlob<T>(tensors, blob, contents[blob], name);
  const integers = cut<Int8Array>('int8/weights');
  const scales = cut<Uint16Array>('int8/scales');
  const weights: Record<string, Quantization['weights'][string]> = Object.create(null);
  const parameters: Tensors = Object.create(null);
  for (const key of contents['int8/weights'].keys()) {
    weights[key] = { integers: integers[key], scales: Float32Array.from(scales[key], halfToNumber) };
    parameters[key] = weightsOf(weights[key]);
  }
  for (const [key, halves] of Object.entries(cut<Uint16Array>('float16/parameters'))) {
    parameters[key] = Float32Array.from(halves, halfToNumber);
  }
  const statistics: Tensors = Object.create(null);
  // Norms of one size share theirs: a file may name thousands that share γ and β too.
  const shared = new Map<string, Float32Array>();
  for (const [key, { shape, role }] of Object.entries(graph.statistics)) {
    const kind = `${role} ${sizeOf(shape)}`;
    const same = shared.get(kind) ?? new Float32Array(sizeOf(shape)).fill(role === 'variance' ? 1 : 0);
    shared.set(kind, same);
    statistics[key] = same;
  }
  return { weights, parameters, statistics };
}

/** The tensors of a blob; nothing of a file that has more or fewer numbers than the graph reads. */
function cutBlob<T extends TensorData>(
  tensors: Readonly<Record<string, StoredTensor>>,
  blob: Blob,
  names: ReadonlyMap<string, number>,
  file: string,
): Record<string, T> {
  const length = [...names.values()].reduce((sum, numbers) => sum + numbers, 0);
  const result: Record<string, T> = Object.create(null);
  const found = tensors[blob];
  if (length === 0 && found === undefined) return result;
  if (found?.dtype !== DTYPES[blob] || found.shape.length !== 1 || found.data.length !== length) {
    const wanted = `${DTYPES[blob]} of shape [${length}]`;
    const got = found ? `${found.dtype} of shape [${found.shape}]` : 'none';
    throw fault(`Cannot read tensor ${blob} of ${file}`, wanted, got, blob);
  }
  let at = 0;
  for (const [name, numbers] of names) {
    result[name] = found.data.slice(at, at + numbers) as T;
    at += numbers;
  }
  return result;
}

/** Whether a file's tensor is one of these. */
export function isQuantizedTensor(tensor: string): boolean {
  return Object.hasOwn(DTYPES, tensor);
}

function fault(doing: string, wanted: string, found: string, value?: unknown): ModelFileError {
  return new ModelFileError('quantized-tensor', `${doing}: expected ${wanted}, got ${found}`, { value });
}
