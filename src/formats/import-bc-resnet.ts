/**
 * Weights of BC-ResNet as PyTorch saves them, for our graph of it. Names and layout are those of the state_dict of
 * Qualcomm-AI-research/bcresnet (bcresnet.py, subspectralnorm.py): kernels `[outputs, inputs / groups, frequency, time]`,
 * sub-spectral norms by channel, then band.
 */
import { ModelFileError } from '../errors.js';
import type { BatchNormNode, Graph, GraphNode, Tensors, WeightedNode } from '../graph/graph.js';
import { isWeighted, nodesByName, sizeOf } from '../graph/graph.js';
import type { SafetensorsFile, StoredTensor } from './stored-tensor.js';

/** By our name of a convolution: what it and the norm that reads it are called there. `BLOCK` and `F2` depend on the block. */
const LAYERS: Readonly<Record<string, readonly [kernel: string, norm: string | undefined]>> = {
  stem: ['cnn_head.0', 'cnn_head.1'],
  transition: ['BLOCK.f2.0.block.0', 'BLOCK.f2.0.block.1'],
  'along-frequency': ['BLOCK.f2.F2.block.0', 'BLOCK.f2.F2.block.1.ssnorm'],
  'along-time': ['BLOCK.f1.0.block.0', 'BLOCK.f1.0.block.1'],
  mix: ['BLOCK.f1.1', undefined],
  head: ['classifier.0', undefined],
  'head-mix': ['classifier.1', 'classifier.2'],
  logits: ['classifier.5', undefined],
};

const BLOCK = /^stage(\d+)-block(\d+)\/(.+)$/;
/** PyTorch counts the batches a norm has seen; nothing here needs that. */
const IGNORED = /\.num_batches_tracked$/;

/**
 * Parameters and statistics for `graph`, a BC-ResNet of the registry, from a PyTorch state_dict. `name` stands in errors.
 * @throws ModelFileError `import-tensor` naming the tensor that is missing, has another shape or type, or has no place.
 */
export function importBcResNet(
  { tensors }: SafetensorsFile,
  graph: Graph,
  name: string,
): { readonly parameters: Tensors; readonly statistics: Tensors } {
  const unread = new Set(Object.keys(tensors).filter((tensor) => !IGNORED.test(tensor)));
  const take = (tensor: string, shape: readonly number[]): Float32Array => {
    unread.delete(tensor);
    return checked(tensors[tensor], tensor, shape, name);
  };
  const found: Tensors = {};
  const nodes = nodesByName(graph);
  for (const node of graph.nodes) {
    if (node.op === 'batchNorm') takeNorm(node, layerOf(nodes.get(node.inputs[0])!, graph)[1]!, take, found);
    else if (isWeighted(node)) takeKernel(node, layerOf(node, graph)[0], graph, take, found);
  }
  for (const tensor of unread) throw fault(name, tensor, 'no tensor of that name', 'one');
  const pick = (specs: object) => Object.fromEntries(Object.keys(specs).map((key) => [key, found[key]]));
  return { parameters: pick(graph.parameters), statistics: pick(graph.statistics) };
}

type Take = (tensor: string, shape: readonly number[]) => Float32Array;

/** The reference's names of a convolution of ours and of its norm. */
function layerOf(node: GraphNode, graph: Graph): readonly [kernel: string, norm: string | undefined] {
  const [, stage, block, inside] = BLOCK.exec(node.name) ?? [];
  const scope = `stage${stage}-block${block}`;
  // A block that changes the width does so first, and what follows moves on by one.
  const widens = graph.nodes.some((other) => other.name === `${scope}/transition`);
  const [kernel, norm] = LAYERS[inside ?? node.name];
  const named = (layer: string) =>
    layer.replace('BLOCK', `BCBlocks.${stage}.${block}`).replace('F2', widens ? '1' : '0');
  return [named(kernel), norm && named(norm)];
}

/** `[outputs, inputs, frequency, time]` → `[time, frequency, inputs, outputs]`; the channels of a depthwise kernel are its outputs. */
function takeKernel(node: WeightedNode, layer: string, graph: Graph, take: Take, found: Tensors): void {
  const { shape } = graph.parameters[node.weight];
  const [times, rows] = 'kernel' in node ? node.kernel : [1, 1];
  const outputs = node.shape[2];
  const inputs = sizeOf(shape) / (times * rows * outputs);
  const values = take(`${layer}.weight`, [outputs, inputs, rows, times]);
  const kernel = new Float32Array(values.length);
  let at = 0;
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let f = 0; f < rows; f++)
        for (let t = 0; t < times; t++) kernel[((t * rows + f) * inputs + i) * outputs + o] = values[at++];
  found[node.weight] = kernel;
  if (node.bias) found[node.bias] = take(`${layer}.bias`, [outputs]);
}

/** Channel c of band b stands at `c × bands + b` there, at `b × channels + c` here. */
function takeNorm(node: BatchNormNode, layer: string, take: Take, found: Tensors): void {
  const [channels, { bands }] = [node.shape[2], node];
  const parts = { weight: node.gamma, bias: node.beta, running_mean: node.mean, running_var: node.variance };
  for (const [part, name] of Object.entries(parts)) {
    const values = take(`${layer}.${part}`, [channels * bands]);
    found[name] = values.map((_, i) => values[(i % channels) * bands + Math.floor(i / channels)]);
  }
}

function checked(
  tensor: StoredTensor | undefined,
  name: string,
  shape: readonly number[],
  file: string,
): Float32Array {
  const wanted = `F32 [${shape.join(', ')}]`;
  if (!tensor) throw fault(file, name, wanted, 'none');
  if (tensor.dtype !== 'F32' || tensor.shape.join() !== shape.join())
    throw fault(file, name, wanted, `${tensor.dtype} [${tensor.shape.join(', ')}]`);
  return tensor.data as Float32Array;
}

function fault(file: string, tensor: string, wanted: string, found: string): ModelFileError {
  return new ModelFileError(
    'import-tensor',
    `Cannot import ${tensor} of ${file}: expected ${wanted}, got ${found}`,
    { value: tensor },
  );
}
