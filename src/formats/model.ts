/** A trained network with everything needed to use it, and the checks that make one fit to be used. */
import { checkFrontEndConfig } from '../audio/check-front-end.js';
import { type FrontEndConfig, featureShape } from '../audio/front-end.js';
import { SAMPLE_RATE_HZ } from '../audio/sample-rate.js';
import { HearkenError, ModelFileError } from '../errors.js';
import { type Graph, nodesByName, sizeOf, type Tensors } from '../graph/graph.js';
import type { Quantization } from '../graph/quantization.js';
import { checkQuantization } from './check-quantization.js';
import { readGraph } from './read-graph.js';

/** A clip and the scores it got where the model was made, for `verifyModel`. */
export interface Parity {
  /** One clip of `clipMs` at 16 kHz. */
  readonly samples: Int16Array;
  /** One softmax score a label. */
  readonly scores: Float32Array;
}

export interface Model {
  /** The network's name in the registry, or any other. */
  readonly name: string;
  /** One input, `[frames, bands, maps]` of the front end; one output of logits, `[time, 1, labels]`. No losses. */
  readonly graph: Graph;
  readonly labels: readonly string[];
  readonly frontEnd: FrontEndConfig;
  /** Length of the clip that one answer is given for. */
  readonly clipMs: number;
  readonly parameters: Tensors;
  readonly statistics: Tensors;
  /** Plain JSON: recipe, seed, figures. No time, host or path. */
  readonly training?: Readonly<Record<string, unknown>>;
  /** Whom the training data asks to be named. */
  readonly attribution?: readonly string[];
  readonly licence?: string;
  readonly parity?: Parity;
  /** Of a quantised model: `parameters` are what its integers stand for. */
  readonly quantization?: Quantization;
}

/** Labels that stand for no keyword: they never make a window the best one of a clip. */
export const UNKNOWN_LABEL = '_unknown_';
export const SILENCE_LABEL = '_silence_';

const MAX_CLIP_MS = 60_000;
const MAX_LABELS = 100_000;

/** How many 16 kHz samples a model hears at once. */
export function clipSamples(model: Pick<Model, 'clipMs'>): number {
  return (model.clipMs * SAMPLE_RATE_HZ) / 1000;
}

/**
 * The same model, its graph and front end read field by field and its records without a prototype.
 * `doing` begins error messages ("read m.safetensors").
 * @throws ModelFileError naming the field or tensor that disagrees with the others.
 */
export function checkModel(model: Model, doing: string): Model {
  const refuse = (code: string, wanted: string, found: unknown): never => {
    throw fault(code, doing, wanted, describe(found));
  };
  const { name, labels, clipMs } = model;
  if (!isText(name) || name.length > 256) refuse('model-name', 'a name of 1 to 256 characters', name);
  if (!Number.isInteger(clipMs) || clipMs < 1 || clipMs > MAX_CLIP_MS) {
    refuse('model-clip', `a clip of 1 to ${MAX_CLIP_MS} ms`, clipMs);
  }
  checkLabels(labels, refuse);
  checkRecord(model, refuse);
  const frontEnd = within('front end', doing, () => checkFrontEndConfig(model.frontEnd));
  const graph = soundGraph(model.graph, doing);
  const input = within('front end', doing, () => featureShape(frontEnd, clipSamples(model)));
  checkDoors(graph, input, labels.length, refuse);
  const checked: Model = {
    ...model,
    graph,
    frontEnd,
    parameters: checkTensors('parameter', graph.parameters, model.parameters, doing),
    statistics: checkTensors('statistic', graph.statistics, model.statistics, doing),
  };
  checkParity(checked, refuse);
  checkQuantization(checked, refuse);
  return checked;
}

/** A graph read field by field. @throws ModelFileError */
export function soundGraph(graph: unknown, doing: string): Graph {
  return within('graph', doing, () => readGraph(graph));
}

export type Refuse = (code: string, wanted: string, found: unknown) => never;

function checkLabels(labels: readonly string[], refuse: Refuse): void {
  if (!Array.isArray(labels) || labels.length < 2 || labels.length > MAX_LABELS) {
    refuse('model-labels', 'a list of at least two labels', labels);
  }
  const seen = new Set<unknown>(['__proto__']);
  for (const label of labels) {
    if (!isText(label) || seen.has(label)) refuse('model-labels', 'labels that are unique texts', label);
    seen.add(label);
  }
}

function checkRecord({ training, attribution, licence }: Model, refuse: Refuse): void {
  const isObject = typeof training === 'object' && training !== null && !Array.isArray(training);
  if (training !== undefined && !isObject) refuse('model-training', 'an object as training record', training);
  if (attribution !== undefined && !(Array.isArray(attribution) && attribution.every(isText))) {
    refuse('model-attribution', 'a list of texts as attribution', attribution);
  }
  if (licence !== undefined && !isText(licence)) refuse('model-licence', 'a text as licence', licence);
}

function checkDoors(graph: Graph, features: readonly number[], labels: number, refuse: Refuse): void {
  const { inputs, outputs, losses, nodes } = graph;
  const inputNodes = nodes.filter((node) => node.op === 'input');
  const isPlain =
    inputs.length === 1 && outputs.length === 1 && losses.length === 0 && inputNodes.length === 1;
  if (!isPlain || inputs[0] !== inputNodes[0].name) {
    refuse('model-graph', 'a graph of one input, one output and no loss', { inputs, outputs, losses });
  }
  const [input] = inputNodes;
  if (input.shape.join() !== features.join()) {
    refuse('model-input', `an input of the front end’s shape ${features.join('×')}`, input.shape);
  }
  const output = nodesByName(graph).get(outputs[0])!.shape;
  if (output[1] !== 1 || output[2] !== labels)
    refuse('model-output', `an output of ${labels} labels`, output);
}

function checkTensors(
  kind: 'parameter' | 'statistic',
  specs: Graph['parameters'] | Graph['statistics'],
  tensors: Tensors,
  doing: string,
): Tensors {
  const result: Tensors = Object.create(null);
  for (const [name, { shape, role }] of Object.entries(specs)) {
    const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (found?.length !== sizeOf(shape)) {
      const wanted = `${kind} ${name} of shape ${shape.join('×')}`;
      throw fault('model-tensor', doing, wanted, found ? `${found.length} numbers` : 'none', name);
    }
    const low = role === 'variance' ? 0 : -Infinity;
    const bad = found.findIndex((value) => !(value >= low && Math.abs(value) < Infinity));
    if (bad >= 0) {
      const wanted = `finite numbers${role === 'variance' ? ' of 0 or more' : ''} in ${kind} ${name}`;
      throw fault('model-tensor', doing, wanted, `${found[bad]}`, name);
    }
    result[name] = found;
  }
  const extra = Object.keys(tensors).find((name) => !(name in result));
  if (extra !== undefined) throw fault('model-tensor', doing, `no ${kind} but the graph’s`, extra, extra);
  return result;
}

function checkParity({ parity, labels, clipMs }: Model, refuse: Refuse): void {
  if (parity === undefined) return;
  const samples = clipSamples({ clipMs });
  if (parity.samples.length !== samples) {
    refuse('model-parity', `a parity clip of ${samples} samples`, parity.samples.length);
  }
  if (parity.scores.length !== labels.length || !parity.scores.every((score) => score >= 0 && score <= 1)) {
    refuse('model-parity', `${labels.length} parity scores from 0 to 1`, Array.from(parity.scores));
  }
}

/** Runs a check of another room; its error becomes the cause of one that names the file. */
function within<T>(part: string, doing: string, check: () => T): T {
  try {
    return check();
  } catch (cause) {
    if (!(cause instanceof HearkenError)) throw cause;
    throw new ModelFileError(
      `model-${part.replace(' ', '-')}`,
      `Cannot ${doing}: expected a sound ${part}, got one with a fault (${cause.message})`,
      { cause, value: cause.value },
    );
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0;
}

function describe(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 120);
}

function fault(code: string, doing: string, wanted: string, found: string, value?: unknown): ModelFileError {
  return new ModelFileError(code, `Cannot ${doing}: expected ${wanted}, got ${found}`, {
    value: value ?? found,
  });
}
