/** Folds BatchNorms into the convolutions before them, as peers that do not fold by themselves are tuned. */

/** Graph and tensors without the BatchNorms (of one band) that alone read a convolution; each became a bias. */
export function foldNorms(graph, tensors) {
  const readers = new Map();
  for (const node of graph.nodes)
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  const nodes = [];
  const folded = { ...tensors };
  const gone = new Set();
  for (const node of graph.nodes) {
    if (gone.has(node.name)) continue;
    const [norm, ...others] = readers.get(node.name) ?? [];
    const foldable = ['conv2d', 'depthwiseConv2d', 'dense'].includes(node.op);
    const isAlone = others.length === 0 && !graph.outputs.includes(node.name);
    if (!foldable || !isAlone || norm?.op !== 'batchNorm' || norm.bands > 1) {
      nodes.push(node);
      continue;
    }
    gone.add(norm.name);
    const [weight, bias] = [`${norm.name}/folded-weight`, `${norm.name}/folded-bias`];
    Object.assign(folded, foldOne(node, norm, tensors, weight, bias));
    nodes.push({ ...node, name: norm.name, weight, bias });
  }
  return { graph: { ...graph, nodes }, tensors: folded };
}

function foldOne(node, norm, tensors, weightName, biasName) {
  const channels = norm.shape[2];
  const scale = tensors[norm.gamma].map(
    (gamma, i) => gamma / Math.sqrt(tensors[norm.variance][i] + norm.epsilon),
  );
  const before = node.bias ? tensors[node.bias] : new Float32Array(channels);
  const bias = before.map((value, i) => tensors[norm.beta][i] + (value - tensors[norm.mean][i]) * scale[i]);
  // Outputs lie innermost in every kind of weight.
  const weight = tensors[node.weight].map((value, i) => value * scale[i % channels]);
  return { [weightName]: weight, [biasName]: bias };
}
