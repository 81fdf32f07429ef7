/**
 * A network as data: typed nodes in the order they run, with shapes and named parameters. Costs, both engines,
 * the exporters, the report and the model file all read this one list. It is plain JSON.
 *
 * Shapes are those of one clip, `[time, frequency, channels]`; a vector is `[1, 1, channels]`. Pairs are
 * `[time, frequency]`; `Padding` is `[[before, after] of time, [before, after] of frequency]`.
 */

export type Shape = readonly [time: number, frequency: number, channels: number];
export type Pair = readonly [time: number, frequency: number];
export type Padding = readonly [time: Pair, frequency: Pair];

export type ActivationKind =
  | 'relu'
  | 'relu6'
  | 'leakyRelu'
  | 'elu'
  | 'silu'
  | 'softplus'
  | 'hardSwish'
  | 'sigmoid'
  | 'hardSigmoid'
  | 'mish';

export type MapAxis = 'time' | 'frequency' | 'channels';

/** How a parameter starts. `kaimingNormal`: normal, deviation √(2 / fanOut), fanOut = receptive field × outputs / groups. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'values'; readonly values: readonly number[] }
  | { readonly kind: 'kaimingNormal'; readonly fanOut: number }
  | { readonly kind: 'uniform'; readonly limit: number };

/** What a parameter is, so that weight decay can leave out all but kernels. */
export type ParameterRole = 'kernel' | 'bias' | 'gamma' | 'beta' | 'scalar';

export interface ParameterSpec {
  readonly shape: readonly number[];
  readonly role: ParameterRole;
  readonly init: Initializer;
}

/** A running statistic: the mean starts at 0, the variance at 1. */
export interface StatisticSpec {
  readonly shape: readonly number[];
  readonly role: 'mean' | 'variance';
}

interface Base {
  /** Unique in the graph; parameters of the node are named `${name}/weight` and the like unless shared. */
  readonly name: string;
  /** Names of the nodes it reads, all earlier in the list. */
  readonly inputs: readonly string[];
  readonly shape: Shape;
}

interface Windowed {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly padding: Padding;
}

/** An input map. The graph of a training step has its targets as inputs too. */
export interface InputNode extends Base {
  readonly op: 'input';
}

/** Weight `[kernel time, kernel frequency, inputs / groups, outputs]`; outputs are group-major. */
export interface Conv2dNode extends Base, Windowed {
  readonly op: 'conv2d';
  readonly groups: number;
  readonly weight: string;
  readonly bias?: string;
}

/** Weight `[kernel time, kernel frequency, channels, multiplier]`; output channel = channel × multiplier + m. */
export interface DepthwiseConv2dNode extends Base, Windowed {
  readonly op: 'depthwiseConv2d';
  readonly multiplier: number;
  readonly weight: string;
  readonly bias?: string;
}

/** A matrix `[inputs, outputs]` over the channels of every position. */
export interface DenseNode extends Base {
  readonly op: 'dense';
  readonly weight: string;
  readonly bias?: string;
}

/**
 * Normalises each channel; in training by the moments of a shard (biased variance), else by running statistics.
 * With `bands` > 1 (sub-spectral normalisation) frequency is cut into that many equal bands, each with
 * statistics, γ and β of its own: they have the shape `[bands, channels]` instead of `[channels]`.
 */
export interface BatchNormNode extends Base {
  readonly op: 'batchNorm';
  readonly bands: number;
  readonly epsilon: number;
  readonly gamma: string;
  readonly beta: string;
  readonly mean: string;
  readonly variance: string;
}

/** `slope`: of leakyRelu below zero. */
export interface ActivationNode extends Base {
  readonly op: 'activation';
  readonly kind: ActivationKind;
  readonly slope?: number;
}

/** Two maps, element by element; a size of 1 in time, frequency or channels is repeated. */
export interface BinaryNode extends Base {
  readonly op: 'add' | 'multiply' | 'maximum';
}

/** Σ wᵢ xᵢ of maps of one shape. `weight` names a parameter `[maps]` (learned); else `weights` are fixed numbers. */
export interface WeightedSumNode extends Base {
  readonly op: 'weightedSum';
  readonly weight?: string;
  readonly weights?: readonly number[];
}

/** Channels one after the other. */
export interface ConcatNode extends Base {
  readonly op: 'concat';
}

/** A box out of a map: `slice` (channels) and `crop` (time, frequency) in one. Its size is the node's shape. */
export interface SliceNode extends Base {
  readonly op: 'slice';
  readonly start: Shape;
}

/** Zero channels put before and after. */
export interface PadChannelsNode extends Base {
  readonly op: 'padChannels';
  readonly before: number;
}

/** Channel `g × (C / groups) + i` moves to `i × groups + g`. */
export interface ChannelShuffleNode extends Base {
  readonly op: 'channelShuffle';
  readonly groups: number;
}

/** Output channel j is the largest of channels `j + i × C / pieces`, i < pieces. */
export interface MaxoutNode extends Base {
  readonly op: 'maxout';
  readonly pieces: number;
}

/** The same numbers in another shape, in memory order: `[T, F, C]` → `[T, 1, F × C]` among others. */
export interface ReshapeNode extends Base {
  readonly op: 'reshape';
}

/** `countPadding`: an average divides by the window's full size, padding included (PyTorch's default). */
export interface PoolNode extends Base {
  readonly op: 'maxPool' | 'avgPool';
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly countPadding: boolean;
}

/** To the node's own time × frequency. nearest: ⌊i · in / out⌋; bilinear: half-pixel centres, no antialias. */
export interface ResizeNode extends Base {
  readonly op: 'resize';
  readonly mode: 'nearest' | 'bilinear';
}

/** The mean over the axes named; they become 1. Global average pooling names time and frequency. */
export interface MeanNode extends Base {
  readonly op: 'mean';
  readonly axes: readonly ('time' | 'frequency')[];
}

/** In training drops elements, or whole channels of a clip, and scales the rest by 1 / (1 − rate). */
export interface DropoutNode extends Base {
  readonly op: 'dropout';
  readonly rate: number;
  readonly unit: 'element' | 'channel';
}

export interface SoftmaxNode extends Base {
  readonly op: 'softmax';
  readonly axis: MapAxis;
}

/** Training: the one-hot of argmax(log softmax(x) + g) over channels, gradient of the soft sample; inference: argmax. */
export interface GumbelSoftmaxNode extends Base {
  readonly op: 'gumbelSoftmax';
  readonly temperature: number;
}

/** Passes the map on and no gradient back. */
export interface StopGradientNode extends Base {
  readonly op: 'stopGradient';
}

/**
 * Inputs: logits, target probabilities. Output `[1, 1, 1]`: the mean over positions of
 * −Σ target · log softmax(logits / temperature), times `weight`. No gradient reaches the targets.
 */
export interface SoftmaxCrossEntropyNode extends Base {
  readonly op: 'softmaxCrossEntropy';
  readonly temperature: number;
  readonly weight: number;
}

export type GraphNode =
  | InputNode
  | Conv2dNode
  | DepthwiseConv2dNode
  | DenseNode
  | BatchNormNode
  | ActivationNode
  | BinaryNode
  | WeightedSumNode
  | ConcatNode
  | SliceNode
  | PadChannelsNode
  | ChannelShuffleNode
  | MaxoutNode
  | ReshapeNode
  | PoolNode
  | ResizeNode
  | MeanNode
  | DropoutNode
  | SoftmaxNode
  | GumbelSoftmaxNode
  | StopGradientNode
  | SoftmaxCrossEntropyNode;

export interface Graph {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  /** Names of the input nodes, in the order a caller gives them. */
  readonly inputs: readonly string[];
  /** Names of the nodes whose maps a caller gets. */
  readonly outputs: readonly string[];
  /** Loss nodes (`[1, 1, 1]`); a training step differentiates their sum. Empty in a graph for inference. */
  readonly losses: readonly string[];
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  readonly statistics: Readonly<Record<string, StatisticSpec>>;
}

/** Named arrays: parameters, statistics, gradients, moments. */
export type Tensors = Record<string, Float32Array>;

/** How many numbers a shape holds. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A map of the nodes by name. */
export function nodesByName(graph: Graph): Map<string, GraphNode> {
  return new Map(graph.nodes.map((node) => [node.name, node]));
}

/** A node with weights whose last axis, or axes, are its output channels. */
export type WeightedNode = Conv2dNode | DepthwiseConv2dNode | DenseNode;

export function isWeighted(node: GraphNode): node is WeightedNode {
  return node.op === 'conv2d' || node.op === 'depthwiseConv2d' || node.op === 'dense';
}
