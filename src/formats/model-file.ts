/**
 * A Model as the bytes of one safetensors file, and back. Tensors: `parameters/NAME` and `statistics/NAME` (F32),
 * `parity/samples` (I16), `parity/scores` (F32). Metadata: `format` "hearken", `version` "1", and as JSON texts
 * `name`, `labels`, `graph`, `frontEnd`, `clipMs` and, where known, `training`, `attribution`, `licence`.
 * Equal models give equal bytes. Reading runs nothing and trusts nothing.
 */
import { ModelFileError } from '../errors.js';
import type { Graph, Tensors } from '../graph/graph.js';
import { parseBoundedJson } from './bounded-json.js';
import { compactGraph } from './compact-graph.js';
import { checkModel, type Model } from './model.js';
import { type Dtype, decodeSafetensors, encodeSafetensors, type StoredTensor } from './safetensors.js';

const FORMAT = 'hearken';
const VERSION = '1';
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
  const { graph, parameters, statistics, parity } = checked;
  const metadata: Record<string, string> = { format: FORMAT, version: VERSION };
  for (const field of [...REQUIRED, ...OPTIONAL]) {
    const value = field === 'graph' ? compactGraph(graph) : checked[field];
    if (value !== undefined) metadata[field] = JSON.stringify(value);
  }
  const tensors: Record<string, StoredTensor> = {
    ...store('parameters', graph.parameters, parameters),
    ...store('statistics', graph.statistics, statistics),
  };
  if (parity) {
    tensors[PARITY_SAMPLES] = { dtype: 'I16', shape: [parity.samples.length], data: parity.samples };
    tensors[PARITY_SCORES] = { dtype: 'F32', shape: [parity.scores.length], data: parity.scores };
  }
  return encodeSafetensors(tensors, metadata);
}

/**
 * The model in the bytes of a file; they need not be trusted. `name` stands in errors.
 * @throws ModelFileError naming the field or tensor that is missing, damaged or disagrees with the graph.
 */
export function decodeModel(bytes: Uint8Array, name = 'model file'): Model {
  const { tensors, metadata } = decodeSafetensors(bytes, name);
  checkVersion(metadata, name);
  const fields: Record<string, unknown> = {};
  for (const field of [...REQUIRED, ...OPTIONAL]) {
    const text = metadata[field];
    if (text !== undefined) fields[field] = parseBoundedJson(text, `${field} of ${name}`);
    else if ((REQUIRED as readonly string[]).includes(field)) {
      throw fault('model-field', `Cannot read ${name}`, `a ${field}`, 'none');
    }
  }
  const model = checkModel(
    { ...(fields as unknown as Model), ...takeTensors(tensors, name) },
    `read ${name}`,
  );
  checkShapes('parameters', model.graph.parameters, tensors, name);
  checkShapes('statistics', model.graph.statistics, tensors, name);
  return model;
}

function store(group: string, specs: Graph['parameters'] | Graph['statistics'], tensors: Tensors) {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]): [string, StoredTensor] => [
      `${group}/${name}`,
      { dtype: 'F32', shape, data: tensors[name] },
    ]),
  );
}

function checkVersion({ format, version }: Record<string, string>, name: string): void {
  if (format !== FORMAT) {
    const found = format === undefined ? 'none' : JSON.stringify(format.slice(0, 40));
    throw fault('model-format', `Cannot read ${name}`, `a model file of format "${FORMAT}"`, found);
  }
  if (version !== VERSION) {
    const found = JSON.stringify(version?.slice(0, 40));
    throw fault('model-version', `Cannot read ${name}`, `version "${VERSION}", the newest known here`, found);
  }
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
    if (tensor === PARITY_SAMPLES || tensor === PARITY_SCORES) continue;
    if (!Object.hasOwn(groups, group)) {
      const wanted = 'only parameters/…, statistics/… and parity/…';
      throw fault('model-tensor', `Cannot read ${name}`, wanted, tensor, tensor);
    }
    groups[group][tensor.slice(slash + 1)] = typed(tensors, tensor, 'F32', name) as Float32Array;
  }
  const { parameters, statistics } = groups;
  if (!(PARITY_SAMPLES in tensors) && !(PARITY_SCORES in tensors)) return { parameters, statistics };
  const samples = typed(tensors, PARITY_SAMPLES, 'I16', name) as Int16Array;
  const scores = typed(tensors, PARITY_SCORES, 'F32', name) as Float32Array;
  return { parameters, statistics, parity: { samples, scores } };
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
