/** Feature maps of a few labels that a tiny network can tell apart, and a network that can. */
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Graph, Shape } from '../../src/graph/graph.js';
import { sizeOf } from '../../src/graph/graph.js';
import { Random } from '../../src/numerics/random.js';
import type { Batch, BatchSource, EvaluationSource } from '../../src/train/batches.js';

export const TOY_LABELS = ['left', 'right', 'up'] as const;
export const TOY_SHAPE: Shape = [4, 2, 3];

/** BatchNorm, hidden layer, BatchNorm, head. */
export function toyGraph(labels: number = TOY_LABELS.length, hidden = 8): Graph {
  const builder = new GraphBuilder('toy');
  const x = builder.batchNorm(builder.input('features', TOY_SHAPE));
  const y = builder.relu(
    builder.batchNorm(builder.dense(x, { channels: hidden, name: 'hidden', bias: false })),
  );
  const logits = builder.dense(builder.globalAvgPool(y), { channels: labels, name: 'head' });
  return builder.build({ outputs: [logits] });
}

/** A map whose mean leans to its label's channel, under noise. */
export function fillToyClip(map: Float32Array, label: number, random: Random): void {
  for (let i = 0; i < map.length; i++)
    map[i] = 5 + 2 * random.normal() + (i % TOY_SHAPE[2] === label ? 2.5 : 0);
}

export interface ToySource {
  readonly clips?: number;
  readonly batchSize?: number;
  readonly seed?: number;
  /** Asked before each batch is handed out. */
  readonly beforeBatch?: (epoch: number, batch: number) => void;
}

/** Batches drawn anew each epoch; the last one is smaller where the size does not divide the clips. */
export function toyBatches({
  clips = 50,
  batchSize = 16,
  seed = 1,
  beforeBatch,
}: ToySource = {}): BatchSource {
  const batchesPerEpoch = Math.ceil(clips / batchSize);
  const labels = TOY_LABELS.length;
  return {
    featureShape: TOY_SHAPE,
    labels,
    clipsPerEpoch: clips,
    batchesPerEpoch,
    async *epoch(epoch, firstBatch = 0): AsyncGenerator<Batch> {
      const size = sizeOf(TOY_SHAPE);
      const features = new Float32Array(batchSize * size);
      for (let batch = firstBatch; batch < batchesPerEpoch; batch++) {
        beforeBatch?.(epoch, batch);
        const count = Math.min(batchSize, clips - batch * batchSize);
        const targets = new Float32Array(count * labels);
        for (let i = 0; i < count; i++) {
          const random = new Random(seed, epoch, batch, i);
          const label = random.integer(labels);
          fillToyClip(features.subarray(i * size, (i + 1) * size), label, random);
          targets[i * labels + label] = 1;
        }
        yield { features, targets, count };
      }
    },
    dispose: () => {},
  };
}

/** Clips that the batches never hold. */
export function toyEvaluation(clips = 40, seed = 99): EvaluationSource {
  const size = sizeOf(TOY_SHAPE);
  return {
    featureShape: TOY_SHAPE,
    clips,
    read: async (start, count, features) =>
      Int32Array.from({ length: count }, (_, i) => {
        const label = (start + i) % TOY_LABELS.length;
        const random = new Random(seed, start + i);
        fillToyClip(features.subarray(i * size, (i + 1) * size), label, random);
        return label;
      }),
    dispose: () => {},
  };
}
