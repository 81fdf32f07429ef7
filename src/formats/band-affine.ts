/** What sub-spectral normalisation is in inference. */
import type { BatchNormNode, Tensors } from '../graph/graph.js';

/** `x · factor + summand` of each row and channel, `[rows, channels]`, from the running statistics of the row's band. */
export function bandAffine(
  node: BatchNormNode,
  rows: number,
  tensors: Tensors,
): { readonly factor: Float32Array; readonly summand: Float32Array } {
  const { bands, epsilon } = node;
  const [gamma, beta, mean, variance] = [node.gamma, node.beta, node.mean, node.variance].map(
    (name) => tensors[name],
  );
  const channels = gamma.length / bands;
  const factor = new Float32Array(rows * channels);
  const summand = new Float32Array(rows * channels);
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < channels; c++) {
      const i = Math.floor((row * bands) / rows) * channels + c;
      const scale = gamma[i] / Math.sqrt(variance[i] + epsilon);
      factor[row * channels + c] = scale;
      summand[row * channels + c] = beta[i] - mean[i] * scale;
    }
  return { factor, summand };
}
