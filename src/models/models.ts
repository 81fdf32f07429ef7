/** The registry: every network that has a name. */
import { ConfigError } from '../errors.js';
import { costsOf } from '../graph/costs.js';
import type { Graph, Pair, Shape } from '../graph/graph.js';
import { routesOf } from '../graph/routes.js';
import { BC_RESNETS } from './bc-resnet.js';
import { BIG_LITTLES } from './big-little.js';
import { BL_GHOSTNETS } from './bl-ghostnet.js';
import { checkInput, checkKeys, checkLabels, checkOption } from './check-option.js';
import { CSP_MOBILENETS } from './csp-mobilenet.js';
import { CSPNETS } from './cspnet.js';
import { SPEECH_CSPNETS } from './cspnet-speech.js';
import { DARKNETS } from './darknet.js';
import { DENSENETS } from './densenet.js';
import { DRNETS } from './drnets.js';
import { DS_CNNS } from './ds-cnn.js';
import { EFFICIENTNETS } from './efficientnet.js';
import type { BuildOptions, ModelEntry } from './entry.js';
import { type FusionHead, withFusionHead } from './fusion-head.js';
import { GHOST_CIFARS } from './ghost-cifar.js';
import { withGhostConvolutions } from './ghost-convolutions.js';
import { GHOSTNETS } from './ghostnet.js';
import { HONK_RESNETS } from './honk-resnet.js';
import { INCEPTIONS } from './inception.js';
import { MATCHBOXNETS } from './matchboxnet.js';
import { MEASURED, type Measured } from './measured.js';
import { MOBILENETS } from './mobilenet.js';
import { OCT_RESNETS } from './oct-resnet.js';
import { PELEENETS } from './peleenet.js';
import { RESNETS } from './resnet.js';
import { REXNETS } from './rexnet.js';
import { SHUFFLENETS } from './shufflenet.js';
import { SKNETS } from './sknet.js';
import { TC_RESNETS } from './tc-resnet.js';

export type { BuildOptions, ModelEntry } from './entry.js';

/** The map: one line a family. */
const FAMILIES: readonly (readonly ModelEntry[])[] = [
  BC_RESNETS,
  GHOSTNETS,
  GHOST_CIFARS,
  BIG_LITTLES,
  BL_GHOSTNETS,
  RESNETS,
  CSPNETS,
  SPEECH_CSPNETS,
  CSP_MOBILENETS,
  PELEENETS,
  DARKNETS,
  REXNETS,
  MOBILENETS,
  EFFICIENTNETS,
  SHUFFLENETS,
  DENSENETS,
  OCT_RESNETS,
  SKNETS,
  INCEPTIONS,
  DS_CNNS,
  TC_RESNETS,
  MATCHBOXNETS,
  HONK_RESNETS,
  DRNETS,
];

/** Every network by name, speech and originals, in the order of their families. */
export const MODELS: Readonly<Record<string, ModelEntry>> = Object.fromEntries(
  FAMILIES.flat().map((entry) => [entry.name, entry]),
);

/**
 * The registry's row of a name.
 * @throws ConfigError `model-name` for an unknown one, with the nearest that there is.
 */
export function modelEntry(name: string): ModelEntry {
  if (typeof name === 'string' && Object.hasOwn(MODELS, name)) return MODELS[name];
  const wanted = String(name);
  throw new ConfigError(
    'model-name',
    `Cannot build model: expected a name that \`hearken models\` lists, such as ${nearestName(wanted)}, got ${wanted}`,
    { value: name },
  );
}

/** What may be asked of a named network. */
export interface ModelOptions extends BuildOptions {
  /** Another head: one that gathers several scales (`withFusionHead`). Default `none`: its own. */
  readonly head?: FusionHead;
  /** `ghost`: Ghost modules in the place of its convolutions (`withGhostConvolutions`). Default `plain`. */
  readonly conv?: 'plain' | 'ghost';
}

const OPTIONS: readonly string[] = ['labels', 'input', 'head', 'conv'] satisfies (keyof ModelOptions)[];
const CONVOLUTIONS: readonly unknown[] = ['plain', 'ghost'];

/**
 * The graph of a named network: input `features` `[time, frequency, maps]`, output `logits`; named `NAME-HEAD`, `NAME-ghost` where its
 * head or its convolutions are others.
 * @throws ConfigError for an unknown name or option, labels below 1 or above 65,536, an input that is no map's shape, a head or
 * convolutions that the network cannot have; ShapeError for an input that does not fit.
 * @example
 * const graph = buildModel('resnet-tiny', { labels: 4, head: 'efm', conv: 'ghost' });
 */
export function buildModel(name: string, options: ModelOptions = {}): Graph {
  const entry = modelEntry(name);
  checkOptions(name, options);
  const { head = 'none', conv = 'plain', ...size } = options;
  const graph = withFusionHead(entry.build(size), head);
  return conv === 'plain' ? graph : { ...withGhostConvolutions(graph), name: `${graph.name}-ghost` };
}

function checkOptions(what: string, options: ModelOptions): void {
  checkKeys({ code: 'model-option', what, options, known: OPTIONS });
  const { labels = 1, input, conv = 'plain' } = options;
  checkLabels(what, labels);
  if (input !== undefined) checkInput(what, input);
  const allowed = CONVOLUTIONS.join(' or ');
  const met = CONVOLUTIONS.includes(conv);
  checkOption(met, { code: 'model-conv', what, option: 'conv', allowed, value: conv });
}

/** The ways through a network that chooses one for each clip. */
export interface Routing {
  /** `[time, frequency]`, the largest first. */
  readonly resolutions: readonly Pair[];
  /** Of each resolution. */
  readonly macs: readonly number[];
  /** Of the choice. */
  readonly predictorMacs: number;
}

/** A row for people and programs: what a network is and costs at its default input and labels. */
export interface ModelRow {
  readonly name: string;
  readonly family: string;
  readonly domain: 'speech' | 'image';
  readonly size: 'tiny' | 'small' | 'base' | null;
  readonly parameters: number;
  /** Multiply–accumulates of convolutions and dense layers for one clip; of a DRNet, at its largest resolution. */
  readonly macs: number;
  /** What a DRNet may choose between. */
  readonly routing: Routing | null;
  readonly input: Shape;
  readonly labels: number;
  readonly twin: string | null;
  /** MACs of the twin divided by this network's; none for a DRNet, whose twin is its backbone. */
  readonly saving: number | null;
  readonly streamable: boolean;
  /** Where it was trained and tested: parts of 1 by seed. */
  readonly measured: Measured | null;
  readonly source: string;
}

/** The row of one name. @throws ConfigError `model-name` */
export function describeModel(name: string): ModelRow {
  const {
    family,
    domain,
    size = null,
    input,
    labels,
    twin = null,
    streamable,
    source,
    build,
  } = modelEntry(name);
  const graph = build();
  const { parameters } = costsOf(graph);
  const routing = routingOf(graph);
  const macs = routing ? Math.max(...routing.macs) : costsOf(graph).macs;
  const saving = twin === null || routing ? null : costsOf(modelEntry(twin).build()).macs / macs;
  const measured = MEASURED[name] ?? null;
  const costs = { parameters, macs, routing, input, labels, twin, saving };
  return { name, family, domain, size, ...costs, streamable, measured, source };
}

function routingOf(graph: Graph): Routing | null {
  const routes = routesOf(graph);
  if (!routes) return null;
  const { branches, predictorMacs } = routes;
  const resolutions = branches.map(({ resolution }) => resolution);
  return { resolutions, macs: branches.map(({ macs }) => macs), predictorMacs };
}

/** All rows, counted from the graphs themselves. */
export function describeModels(): ModelRow[] {
  return Object.keys(MODELS).map(describeModel);
}

/** The registered name that takes the fewest changes of one character (Levenshtein, 1966). */
export function nearestName(wanted: string): string {
  const distances = Object.keys(MODELS).map(
    (name) => [name, editDistance(wanted.toLowerCase(), name)] as const,
  );
  return distances.reduce((best, next) => (next[1] < best[1] ? next : best))[0];
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
