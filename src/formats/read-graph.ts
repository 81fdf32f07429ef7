/**
 * A graph from untrusted JSON: every field of every node is checked for its kind before `checkGraph` may trust it.
 * A field or an op that this version does not know is refused, because leaving it out would change the answer.
 */
import { ConfigError } from '../errors.js';
import { ACTIVATION_KINDS, DROPOUT_UNITS, MAP_AXES, MEAN_AXES, RESIZE_MODES } from '../graph/check-node.js';
import type { Graph, GraphNode } from '../graph/graph.js';
import { sizeOf } from '../graph/graph.js';
import { checkGraph } from '../graph/shapes.js';
import { parameterNames } from '../graph/subgraph.js';
import { expandNodes, usualSpecs } from './compact-graph.js';

type Check = (value: unknown) => boolean;

const MAX_NODES = 20_000;
/** Numbers in all maps of one clip together: above any network here, below what a machine cannot hold. */
const MAX_MAP_NUMBERS = 2 ** 28;

const isName: Check = (value) =>
  typeof value === 'string' && value.length > 0 && value.length <= 256 && value !== '__proto__';
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isBoolean: Check = (value) => typeof value === 'boolean';
const isSize: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 2 ** 31;
const isOffset: Check = (value) => value === 0 || isSize(value);
const isListOf =
  (check: Check, length?: number): Check =>
  (value) =>
    Array.isArray(value) && (length === undefined || value.length === length) && value.every(check);
const isOneOf =
  (...choices: string[]): Check =>
  (value) =>
    choices.includes(value as string);
const orAbsent =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const isPair = isListOf(isSize, 2);
const isShape = isListOf(isSize, 3);
const isPadding = isListOf(isListOf(isOffset, 2), 2);
const WINDOW = { kernel: isPair, stride: isPair, padding: isPadding };
const AFFINE = { weight: isName, bias: orAbsent(isName) };

/** What each op has beside op, name, inputs and shape. */
const FIELDS: Readonly<Record<GraphNode['op'], Readonly<Record<string, Check>>>> = {
  input: {},
  conv2d: { ...WINDOW, dilation: isPair, groups: isSize, ...AFFINE },
  depthwiseConv2d: { ...WINDOW, dilation: isPair, multiplier: isSize, ...AFFINE },
  dense: AFFINE,
  batchNorm: {
    bands: isSize,
    epsilon: isNumber,
    gamma: isName,
    beta: isName,
    mean: isName,
    variance: isName,
  },
  activation: { kind: isOneOf(...ACTIVATION_KINDS), slope: orAbsent(isNumber) },
  add: {},
  multiply: {},
  maximum: {},
  weightedSum: { weight: orAbsent(isName), weights: orAbsent(isListOf(isNumber)) },
  concat: {},
  slice: { start: isListOf(isOffset, 3) },
  padChannels: { before: isOffset },
  channelShuffle: { groups: isSize },
  maxout: { pieces: isSize },
  reshape: {},
  maxPool: { ...WINDOW, countPadding: isBoolean },
  avgPool: { ...WINDOW, countPadding: isBoolean },
  resize: { mode: isOneOf(...RESIZE_MODES) },
  mean: { axes: isListOf(isOneOf(...MEAN_AXES)) },
  dropout: { rate: isNumber, unit: isOneOf(...DROPOUT_UNITS) },
  softmax: { axis: isOneOf(...MAP_AXES) },
  gumbelSoftmax: { temperature: isNumber },
  stopGradient: {},
  softmaxCrossEntropy: { temperature: isNumber, weight: isNumber },
};
const BASE = { op: isName, name: isName, inputs: isListOf(isName), shape: isShape };

const INITIALIZERS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  constant: { value: isNumber },
  values: { values: isListOf(isNumber) },
  kaimingNormal: { fanOut: isNumber },
  uniform: { limit: isNumber },
};
const PARAMETER = {
  shape: isListOf(isSize),
  role: isOneOf('kernel', 'bias', 'gamma', 'beta', 'scalar'),
  init: isInit,
};
const STATISTIC = { shape: isListOf(isSize), role: isOneOf('mean', 'variance') };
const NAMES = isListOf(isName);
const GRAPH = {
  name: isName,
  nodes: Array.isArray,
  inputs: NAMES,
  outputs: NAMES,
  losses: NAMES,
  parameters: isRecord,
  statistics: isRecord,
};

/**
 * The graph that a parsed JSON value describes, with records that inherit nothing.
 * @throws ConfigError or ShapeError naming the node or the parameter that is wrong.
 */
export function readGraph(value: unknown): Graph {
  expectFields('graph', value, GRAPH);
  const graph = {
    ...(value as unknown as Graph),
    nodes: expandNodes((value as { nodes: unknown[] }).nodes) as GraphNode[],
  };
  if (graph.nodes.length > MAX_NODES)
    throw fault('graph', `at most ${MAX_NODES} nodes`, `${graph.nodes.length}`);
  let numbers = 0;
  graph.nodes.forEach((node, index) => {
    checkNode(node, index);
    numbers += sizeOf(node.shape);
    if (numbers > MAX_MAP_NUMBERS) throw fault('graph', `maps of at most ${MAX_MAP_NUMBERS} numbers`, 'more');
  });
  const usual = usualSpecs(graph.nodes);
  const parameters = checkSpecs('parameter', { ...usual.parameters, ...graph.parameters }, PARAMETER);
  const statistics = checkSpecs('statistic', { ...usual.statistics, ...graph.statistics }, STATISTIC);
  const both = Object.keys(parameters).find((name) => name in statistics);
  if (both !== undefined) throw fault(`parameter ${both}`, 'a name of its own', 'that of a statistic');
  const result: Graph = { ...graph, parameters, statistics };
  checkGraph(result);
  checkRead(result);
  return result;
}

/** What no node reads is nothing that a file would have to hold: it might ask for any amount of memory. */
function checkRead({ nodes, parameters, statistics }: Graph): void {
  const read = new Set(nodes.flatMap(parameterNames));
  const [name] = [...Object.keys(parameters), ...Object.keys(statistics)].filter((key) => !read.has(key));
  if (name !== undefined) throw fault(`graph.${name}`, 'a node that reads it', 'none');
}

function checkNode(node: GraphNode, index: number): void {
  const what = isRecord(node) && isName(node.name) ? `node ${node.name}` : `node ${index} of the list`;
  if (!isRecord(node)) throw fault(what, 'an object', describe(node));
  const fields = Object.hasOwn(FIELDS, String(node.op)) ? FIELDS[node.op] : undefined;
  if (!fields) throw fault(what, 'an op that this version knows', describe(node.op));
  expectFields(what, node, { ...BASE, ...fields });
  if (node.op === 'weightedSum' && !node.weight && node.weights?.length !== node.inputs.length) {
    throw fault(what, 'a weight for each input', describe(node.weights));
  }
}

function checkSpecs<T>(kind: string, specs: Readonly<Record<string, T>>, fields: Record<string, Check>) {
  const result: Record<string, T> = Object.create(null);
  for (const [name, spec] of Object.entries(specs)) {
    if (!isName(name)) throw fault(kind, 'a name of 1 to 256 characters', `${name.length}`);
    expectFields(`${kind} ${name}`, spec, fields);
    result[name] = spec;
  }
  return result;
}

function expectFields(what: string, value: unknown, fields: Readonly<Record<string, Check>>): void {
  if (!isRecord(value)) throw fault(what, 'an object', describe(value));
  for (const [field, check] of Object.entries(fields)) {
    const found = Object.hasOwn(value, field) ? value[field] : undefined;
    if (!check(found)) throw fault(what, `a valid ${field}`, describe(found));
  }
  const unknown = Object.keys(value).find((field) => !Object.hasOwn(fields, field));
  if (unknown !== undefined) throw fault(what, 'fields that this version knows', unknown);
}

function isInit(value: unknown): boolean {
  if (!isRecord(value) || typeof value.kind !== 'string' || !Object.hasOwn(INITIALIZERS, value.kind))
    return false;
  const fields = INITIALIZERS[value.kind];
  return Object.keys(fields).every((field) => fields[field](value[field]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 80);
}

function fault(what: string, wanted: string, found: string): ConfigError {
  return new ConfigError('graph-json', `Cannot use ${what}: expected ${wanted}, got ${found}`, {
    value: what,
  });
}
