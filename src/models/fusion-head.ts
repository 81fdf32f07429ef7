/**
 * Heads of several scales on any network: a classifier's body, and in the place of its head one that gathers the maps of
 * its last stages.
 *
 * Paper: Wang et al., "CSPNet", CVPRW 2020, arXiv 1911.11929, figure 4, which puts such heads on backbones of its time.
 * Which maps are the stages' the paper leaves to its detectors; here the graph is asked.
 */
import type { ConfigError } from '../errors.js';
import { GraphBuilder } from '../graph/builder.js';
import { type Graph, type GraphNode, isWeighted, nodesByName } from '../graph/graph.js';
import { routesOf } from '../graph/routes.js';
import { ancestorsOf, partOf } from '../graph/subgraph.js';
import { checkKeys, checkOption, isWhole, refusal } from './check-option.js';
import { fuseScales, mostRows, SCALE_FUSIONS, type ScaleFusion } from './feature-fusion.js';
import { classify } from './layers.js';

/** What classifies: the network's own head (`none`), or one that gathers scales. */
export type FusionHead = 'none' | ScaleFusion;

export const FUSION_HEADS: readonly FusionHead[] = ['none', ...SCALE_FUSIONS];

export interface FusionHeadOptions {
  /** Width of what each scale gives. Default 8. */
  readonly channels?: number;
  /** Of Maxout. Default 2. */
  readonly pieces?: number;
  /** How many sizes are gathered, the smallest ones; 2 or more. Default 3, or what there is. */
  readonly scales?: number;
  /** Sub-spectral normalisation in the head, up to the rows of its largest map. Default: as many bands as the network's own norms have. */
  readonly bands?: number;
}

const OPTIONS: readonly string[] = [
  'channels',
  'pieces',
  'scales',
  'bands',
] satisfies (keyof FusionHeadOptions)[];

/**
 * A classifier with another head, named `NAME-HEAD`: the same input and labels, nodes and parameters up to its last stage
 * under their own names, so that trained weights fit; then `fuseScales`, the network's dropout and `logits`. Gathered is, of
 * the nodes that every path from input to output passes, the last one of each size (time × frequency) between the first
 * convolution and the pooling. `none` gives the graph back.
 * @throws ConfigError `fusion-kind` for an unknown head; `fusion-option` for an option that there is none of; `fusion-network` for a network of several inputs, outputs or answers a
 * clip, or one that chooses its resolution (wrap the network with its head in a DRNet instead); `fusion-scales` for one whose
 * maps have fewer than two sizes; and as `fuseScales` does.
 * @example
 * const graph = withFusionHead(buildModel('resnet-tiny'), 'efm');
 */
export function withFusionHead(graph: Graph, kind: FusionHead, options: FusionHeadOptions = {}): Graph {
  const name = `${graph.name}-${kind}`;
  const kinds = { code: 'fusion-kind', what: name, option: 'head', allowed: FUSION_HEADS.join(', ') };
  checkOption(FUSION_HEADS.includes(kind), { ...kinds, value: kind });
  checkKeys({ code: 'fusion-option', what: name, options, known: OPTIONS });
  if (kind === 'none') return graph;
  const { channels = 8, pieces, scales = 3 } = options;
  const counts = {
    code: 'fusion-scales',
    what: name,
    option: 'scales',
    allowed: 'a whole number of 2 or more',
  };
  checkOption(isWhole(scales, 2), { ...counts, value: scales });
  const labels = labelsOf(graph, name);
  const { maps, head } = partsOf(graph);
  if (maps.length < 2) throw fewScales(name, graph, maps);
  const gathered = maps.slice(-scales).map((node) => node.name);
  const body = ancestorsOf(graph, gathered);
  const g = new GraphBuilder(name);
  const values = g.adopt(partOf(graph, body, gathered));
  const { bands = Math.min(bandsOf(body), mostRows(values)) } = options;
  const fused = fuseScales(g, values, { fusion: kind, channels, pieces, bands });
  const dropout = head.findLast((node) => node.op === 'dropout')?.rate ?? 0;
  return g.build({ outputs: [classify(g, fused, { labels, dropout })] });
}

/** How many labels a network tells apart. */
function labelsOf(graph: Graph, name: string): number {
  const { inputs, outputs } = graph;
  if (inputs.length !== 1 || outputs.length !== 1)
    throw wrongNetwork(graph, name, 'one input and one output', `${inputs.length} and ${outputs.length}`);
  if (routesOf(graph))
    throw wrongNetwork(
      graph,
      name,
      'one resolution (a DRNet can wrap what has a head)',
      'a choice of several',
    );
  const [time, frequency, labels] = nodesByName(graph).get(outputs[0])!.shape;
  if (time * frequency !== 1) throw wrongNetwork(graph, name, 'one answer a clip', `${time * frequency}`);
  return labels;
}

interface Parts {
  /** The last map of each size, the largest first. */
  readonly maps: readonly GraphNode[];
  /** From the pooling on. */
  readonly head: readonly GraphNode[];
}

function partsOf(graph: Graph): Parts {
  const nodes = nodesByName(graph);
  const passed = passedNodes(graph);
  // Before the first convolution there are only the features, as they come or normalised.
  const first = passed.findIndex(isWeighted);
  const behind = (isHead: (node: GraphNode) => boolean) => {
    const place = passed.findIndex((node, i) => i > first && isHead(node));
    return place < 0 ? undefined : place;
  };
  const pool = behind((node) => poolsAxis(node, nodes) || joinsMeans(node, nodes));
  // Maps of one place need no pooling.
  let end = pool ?? behind(({ op }) => op === 'dense') ?? passed.length;
  while (passed[end - 1]?.op === 'dropout') end--;
  const lastOfSize = new Map(passed.slice(first, end).map((node) => [sizeOf(node), node]));
  const places = ({ shape: [time, frequency] }: GraphNode) => time * frequency;
  const maps = [...lastOfSize.values()].sort((a, b) => places(b) - places(a));
  return { maps, head: passed.slice(end) };
}

/** The nodes that every path from input to output passes, in the graph's order: no edge leads past them. */
function passedNodes(graph: Graph): GraphNode[] {
  const nodes = ancestorsOf(graph, graph.outputs);
  const lastReader = new Map<string, number>();
  nodes.forEach((node, i) => {
    for (const input of node.inputs) lastReader.set(input, i);
  });
  let reach = 0;
  return nodes.filter((node, i) => {
    const isPassed = reach <= i;
    reach = Math.max(reach, lastReader.get(node.name) ?? i);
    return isPassed;
  });
}

/** Whether a node sums up all of an axis: a mean, or one window without padding that holds all rows. */
function poolsAxis(node: GraphNode, nodes: ReadonlyMap<string, GraphNode>): boolean {
  if (node.op === 'mean') return true;
  if (!('kernel' in node)) return false;
  const { shape } = nodes.get(node.inputs[0])!;
  return node.kernel.some((rows, axis) => {
    const [before, after] = node.padding[axis];
    return rows > 1 && rows === shape[axis] && before + after === 0;
  });
}

/** Whether it is where several scales meet that were pooled by themselves, as in the heads of this file. */
function joinsMeans({ op, inputs }: GraphNode, nodes: ReadonlyMap<string, GraphNode>): boolean {
  return op === 'concat' && inputs.every((name) => nodes.get(name)!.op === 'mean');
}

/** The most bands that a norm behind the first convolution has; the norm of the features has one a row. */
function bandsOf(body: readonly GraphNode[]): number {
  const norms = body.slice(body.findIndex(isWeighted));
  return Math.max(1, ...norms.map((node) => (node.op === 'batchNorm' ? node.bands : 1)));
}

const sizeOf = ({ shape: [time, frequency] }: GraphNode) => `${time} × ${frequency}`;

function fewScales(name: string, graph: Graph, maps: readonly GraphNode[]): ConfigError {
  const found = maps.length === 0 ? 'none' : `${maps.length} (${maps.map(sizeOf).join(', ')})`;
  const wanted = `${graph.name} to have maps of two sizes or more`;
  return refusal({ code: 'fusion-scales', what: name, wanted, found, value: maps.length });
}

function wrongNetwork(graph: Graph, name: string, wanted: string, found: string): ConfigError {
  const has = `${graph.name} to have ${wanted}`;
  return refusal({ code: 'fusion-network', what: name, wanted: has, found, value: graph.name });
}
