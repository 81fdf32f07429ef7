/** A small, sound model for tests: one convolution, BatchNorm, a mean and a dense layer over 50 ms of sound. */
import { DEFAULT_FRONT_END, featureShape } from '../../src/audio/front-end.js';
import type { Model } from '../../src/formats/model.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Graph } from '../../src/graph/graph.js';
import { initializeParameters, initializeStatistics } from '../../src/graph/initialize.js';

export const TINY_CLIP_MS = 50;

export function tinyGraph(labels: number): Graph {
  const builder = new GraphBuilder('tiny');
  const input = builder.input('features', featureShape(DEFAULT_FRONT_END, TINY_CLIP_MS * 16));
  const conv = builder.conv2d(input, { channels: 4, kernel: [3, 3], stride: [1, 2] });
  const norm = builder.relu(builder.batchNorm(conv));
  const logits = builder.dense(builder.globalAvgPool(norm), { channels: labels, name: 'logits' });
  return builder.build({ outputs: [logits] });
}

export function tinyModel(overrides: Partial<Model> = {}): Model {
  const labels = overrides.labels ?? ['yes', 'no', '_unknown_'];
  const graph = tinyGraph(labels.length);
  return {
    name: 'tiny',
    graph,
    labels,
    frontEnd: DEFAULT_FRONT_END,
    clipMs: TINY_CLIP_MS,
    parameters: initializeParameters(graph, 7),
    statistics: initializeStatistics(graph),
    ...overrides,
  };
}
