/**
 * A Model as the bytes of one safetensors file, and back. Tensors: `parameters/NAME` and `statistics/NAME` (F32),
 * `parity/samples` (I16), `parity/scores` (F32). Metadata: `format` "hearken", `version` "1", and as JSON texts
 * `name`, `labels`, `graph`, `frontEnd`, `clipMs` and, where known, `training`, `attribution`, `licence`.
 * Version "2" is that of quantised models: quantized-tensors.ts has their tensors, `quantization` is a text more, and the usual
 * parity clip is left out, because every reader can make it.
 * Equal models give equal bytes. Reading runs nothing and trusts nothing.
 */
import { ModelFileError } from '../errors.js';
import type { Graph, Tensors } from '../graph/graph.js';
import { parseBoundedJson } from './bounded-json.js';
import { compactGraph } from './compact-graph.js';
import { checkModel, clipSamples, type Model, soundGraph } from './model.js';
import { parityClip } from './parity-clip.js';
import {
  compactGrids,
  expandGrids,
  isQuantizedTensor,
  storeQuantized,
  takeQuantized,
} from './quantized-tensors.js';
import { type Dtype, decodeSafetensors, encodeSafetensors, type StoredTensor } from './safetensors.js';

const FORMAT = 'hearken';
const VERSION = '1';
const QUANTIZED_VERSION = '2';
const REQUIRED = ['name', 'labels', 'graph', 'frontEnd', 'clipMs'] as const;
const OPTIONAL = ['training', 'attribution', 'licence'] as const;
const PARITY_SAMPLES = 'parity/samples';
const PARITY_SCORES = 'parity/scores';

/**
 * The bytes of a model file.
 * @throws ModelFileError if parts of the model disagree or a parameter is not finite.
 */
export function encodeModel(model: Model): Uint8Array {
  const checked = checkModel(model, `write model ${model.name}`);
  const { graph, parameters, statistics, quantization } = checked;
  const metadata: Record<string, string> = {
    format: FORMAT,
    version: quantization ? QUANTIZED_VERSION : VERSION,
    ...(quantization && { quantization: JSON.stringify(compactGrids(quantization)) }),
  };
  for (const field of [...REQUIRED, ...OPTIONAL]) {
    const value = field === 'graph' ? compactGraph(graph) : checked[field];
    if (value !== undefined) metadata[field] = JSON.stringify(value);
  }
  const numbers = quantization
    ? storeQuantized({ ...checked, quantization })
    : {
        ...store('parameters', graph.parameters, parameters),
        ...store('statistics', graph.statistics, statistics),
      };
  const tensors: Record<string, StoredTensor> = { ...numbers, ...storeParity(checked) };
  return encodeSafetensors(tensors, metadata);
}

/**
 * The model in the bytes of a file; they need not be trusted. `name` stands in errors.
 * @throws ModelFileError naming the field or tensor that is missing, damaged or disagrees with the graph.
 */
export function decodeModel(bytes: Uint8Array, name = 'model file'): Model {
  const { tensors, metadata } = decodeSafetensors(bytes, name);
  const version = checkVersion(metadata, name);
  const fields: Record<string, unknown> = {};
  for (const field of [...REQUIRED, ...OPTIONAL]) {
    const text = metadata[field];
    if (text !== undefined) fields[field] = parseBoundedJson(text, `${field} of ${name}`);
    else if ((REQUIRED as readonly string[]).includes(field)) {
      throw fault('model-field', `Cannot read ${name}`, `a ${field}`, 'none');
    }
  }
  const given = fields as unknown as Model;
  if (version === QUANTIZED_VERSION) return decodeQuantized(given, metadata, tensors, name);
  const model = checkModel({ ...given, ...takeTensors(tensors, name) }, `read ${name}`);
  checkShapes('parameters', model.graph.parameters, tensors, name);
  checkShapes('statistics', model.graph.statistics, tensors, name);
  return model;
}

function decodeQuantized(
  given: Model,
  metadata: Readonly<Record<string, string>>,
  tensors: Readonly<Record<string, StoredTensor>>,
  name: string,
): Model {
  const doing = `read ${name}`;
  const text = metadata.quantization;
  if (text === undefined) throw fault('model-field', `Cannot read ${name}`, 'a quantization', 'none');
  const grids = expandGrids(parseBoundedJson(text, `quantization of ${name}`), name);
  const graph = soundGraph(given.graph, doing);
  const strange = Object.keys(tensors).find((tensor) => !isQuantizedTensor(tensor) && !isParity(tensor));
  if (strange !== undefined) {
    throw fault('model-tensor', `Cannot read ${name}`, 'only tensors of version 2', strange, strange);
  }
  const { weights, parameters, statistics } = takeQuantized(graph, tensors, name);
  // checkModel has not seen the clip's length yet: a clip is made only where a sound one can be.
  const plain = checkModel({ ...given, parameters, statistics, quantization: { weights, grids } }, doing);
  return checkModel({ ...plain, ...takeParity(tensors, name, plain) }, doing);
}

function store(group: string, specs: Graph['parameters'] | Graph['statistics'], tensors: Tensors) {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]): [string, StoredTensor] => [
      `${group}/${name}`,
      { dtype: 'F32', shape, data: tensors[name] },
    ]),
  );
}

/** The parity clip and its scores; of a quantised model without the clip that is always the same. */
function storeParity({ parity, quantization, clipMs }: Model): Record<string, StoredTensor> {
  if (!parity) return {};
  const { samples, scores } = parity;
  const usual =
    quantization && parityClip(clipSamples({ clipMs })).every((sample, i) => sample === samples[i]);
  return {
    ...(!usual && { [PARITY_SAMPLES]: { dtype: 'I16', shape: [samples.length], data: samples } }),
    [PARITY_SCORES]: { dtype: 'F32', shape: [scores.length], data: scores },
  };
}

function checkVersion({ format, version }: Record<string, string>, name: string): string {
  if (format !== FORMAT) {
    const found = format === undefined ? 'none' : JSON.stringify(format.slice(0, 40));
    throw fault('model-format', `Cannot read ${name}`, `a model file of format "${FORMAT}"`, found);
  }
  if (version !== VERSION && version !== QUANTIZED_VERSION) {
    const found = JSON.stringify(version?.slice(0, 40));
    const wanted = `version "${VERSION}" or "${QUANTIZED_VERSION}", the newest known here`;
    throw fault('model-version', `Cannot read ${name}`, wanted, found);
  }
  return version;
}

/** Sorts the tensors of a file by what they are for. @throws ModelFileError on a name or a dtype that is none of ours. */
function takeTensors(
  tensors: Readonly<Record<string, StoredTensor>>,
  name: string,
): Pick<Model, 'parameters' | 'statistics' | 'parity'> {
  const groups: Record<string, Tensors> = {
    parameters: Object.create(null),
    statistics: Object.create(null),
  };
  for (const tensor of Object.keys(tensors)) {
    const slash = tensor.indexOf('/');
    const group = tensor.slice(0, slash);
    if (isParity(tensor)) continue;
    if (!Object.hasOwn(groups, group)) {
      const wanted = 'only parameters/…, statistics/… and parity/…';
      throw fault('model-tensor', `Cannot read ${name}`, wanted, tensor, tensor);
    }
    groups[group][tensor.slice(slash + 1)] = typed(tensors, tensor, 'F32', name) as Float32Array;
  }
  const { parameters, statistics } = groups;
  return { parameters, statistics, ...takeParity(tensors, name) };
}

function isParity(tensor: string): boolean {
  return tensor === PARITY_SAMPLES || tensor === PARITY_SCORES;
}

/** @param usual the checked model whose usual clip stands for one that the file leaves out. */
function takeParity(
  tensors: Readonly<Record<string, StoredTensor>>,
  name: string,
  usual?: Model,
): Pick<Model, 'parity'> {
  if (!(PARITY_SAMPLES in tensors) && !(PARITY_SCORES in tensors)) return {};
  const isLeftOut = usual !== undefined && !(PARITY_SAMPLES in tensors);
  const samples = isLeftOut
    ? parityClip(clipSamples(usual))
    : (typed(tensors, PARITY_SAMPLES, 'I16', name) as Int16Array);
  const scores = typed(tensors, PARITY_SCORES, 'F32', name) as Float32Array;
  return { parity: { samples, scores } };
}

function typed(tensors: Readonly<Record<string, StoredTensor>>, tensor: string, dtype: Dtype, name: string) {
  const found = tensors[tensor];
  if (found?.dtype === dtype) return found.data;
  throw fault(
    'tensor-dtype',
    `Cannot read tensor ${tensor} of ${name}`,
    dtype,
    found?.dtype ?? 'none',
    tensor,
  );
}

/** Counts have been compared; a weight stored as [9, 3] for [3, 9] shows only here. */
function checkShapes(
  group: string,
  specs: Graph['parameters'] | Graph['statistics'],
  tensors: Readonly<Record<string, StoredTensor>>,
  name: string,
): void {
  for (const [key, spec] of Object.entries(specs)) {
    const { shape } = tensors[`${group}/${key}`];
    if (shape.join() === spec.shape.join()) continue;
    const doing = `Cannot read tensor ${group}/${key} of ${name}`;
    throw fault('tensor-shape', doing, `shape [${spec.shape}]`, `[${shape}]`, `${group}/${key}`);
  }
}

function fault(code: string, doing: string, wanted: string, found: string, value?: unknown): ModelFileError {
  return new ModelFileError(code, `${doing}: expected ${wanted}, got ${found}`, { value });
}
