/**
 * A TensorFlow.js GraphModel as its Python converter would leave it: convolution, bias and activation in one node, which
 * the wasm backend runs much faster.
 */

const FUSED = { Conv2D: '_FusedConv2D', DepthwiseConv2dNative: 'FusedDepthwiseConv2dNative' };
const text = (value) => Buffer.from(value).toString('base64');

/** @param model the parsed model.json; changed in place. */
export function fuseTfjs(model) {
  const { node: nodes } = model.modelTopology;
  const nameOf = (input) => input.split(':')[0];
  const readersOf = (name) => nodes.filter((node) => node.input.some((input) => nameOf(input) === name));
  const isOutput = (name) => name in model.signature.outputs;
  const gone = new Set();
  const soleReader = (node, op) => {
    const readers = readersOf(node.name);
    const fits = readers.length === 1 && readers[0].op === op && !isOutput(node.name);
    return fits && nameOf(readers[0].input[0]) === node.name ? readers[0] : undefined;
  };
  for (const product of nodes.filter((node) => node.op in FUSED)) {
    const bias = soleReader(product, 'BiasAdd');
    if (!bias) continue;
    const relu = soleReader(bias, 'Relu') ?? soleReader(bias, 'Relu6');
    const last = relu ?? bias;
    const steps = ['BiasAdd', ...(relu ? [relu.op] : [])];
    Object.assign(last, {
      op: FUSED[product.op],
      input: [...product.input, bias.input[1]],
      attr: { ...product.attr, fused_ops: { list: { s: steps.map(text) } }, num_args: { i: '1' } },
    });
    gone.add(product.name);
    if (relu) gone.add(bias.name);
  }
  model.modelTopology.node = nodes.filter((node) => !gone.has(node.name));
}
