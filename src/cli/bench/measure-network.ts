/** How fast one network trains and answers on this machine: its bare step, no data and no optimizer. */
import type { Engine } from '../../engine/engine.js';
import { compileNetwork } from '../../engine/routed-program.js';
import { throwIfAborted } from '../../errors.js';
import type { Graph, Tensors } from '../../graph/graph.js';
import { nodesByName, sizeOf } from '../../graph/graph.js';
import { initializeParameters, initializeStatistics } from '../../graph/initialize.js';
import { hashText, Random } from '../../numerics/random.js';

export interface MeasureOptions {
  readonly engine: Engine;
  readonly batch: number;
  readonly threads: number;
  /** Each of the three measurements takes about this long, after as long a warm-up. */
  readonly milliseconds: number;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

export interface NetworkSpeed {
  /** Forward and backward of batches. */
  readonly trainSamplesPerSecond: number;
  /** Inference of batches. */
  readonly batchClipsPerSecond: number;
  /** Inference of a single clip. */
  readonly clipMs: number;
}

/** Speeds of `graph` on random numbers; training on `threads` threads, inference on one. */
export async function measureNetwork(graph: Graph, options: MeasureOptions): Promise<NetworkSpeed> {
  return {
    trainSamplesPerSecond: await trainingRate(graph, options),
    batchClipsPerSecond: await inferenceRate(graph, options, options.batch),
    clipMs: await measureClip(graph, options),
  };
}

/** Milliseconds that one clip takes, on one thread. */
export async function measureClip(
  graph: Graph,
  options: Omit<MeasureOptions, 'batch' | 'threads'>,
): Promise<number> {
  return 1000 / (await inferenceRate(graph, options, 1));
}

async function trainingRate(graph: Graph, options: MeasureOptions): Promise<number> {
  const { engine, batch, threads } = options;
  const program = await engine.compileTraining(graph, { maxBatch: batch, threads });
  try {
    for (const [name, values] of Object.entries(initializeParameters(graph, 1)))
      program.parameters[name].set(values);
    const step = {
      inputs: randomMaps(graph, graph.inputs, batch),
      outputGradients: randomMaps(graph, graph.outputs, batch),
      count: batch,
      seed: 1,
    };
    return await rateOf(async () => void (await program.step(step)), batch, options);
  } finally {
    program.dispose();
  }
}

async function inferenceRate(
  graph: Graph,
  options: Omit<MeasureOptions, 'batch' | 'threads'>,
  count: number,
): Promise<number> {
  const program = await compileNetwork(options.engine, graph, { maxBatch: count });
  try {
    program.assign({ ...initializeParameters(graph, 1), ...initializeStatistics(graph) });
    const inputs = randomMaps(graph, graph.inputs, count);
    return await rateOf(() => void program.run(inputs, count), count, options);
  } finally {
    program.dispose();
  }
}

/** Clips a second: the best of several turns, because whatever else the machine does only slows them down. */
async function rateOf(
  run: () => void | Promise<void>,
  clips: number,
  { milliseconds, nowMs, signal }: Pick<MeasureOptions, 'milliseconds' | 'nowMs' | 'signal'>,
): Promise<number> {
  const turns = 5;
  let best = 0;
  // The first turn warms up and does not count.
  for (let turn = 0; turn <= turns; turn++) {
    const start = nowMs();
    const length = turn === 0 ? milliseconds : milliseconds / turns;
    let done = 0;
    let elapsed = 0;
    while (elapsed < length || done === 0) {
      throwIfAborted(signal);
      await run();
      done++;
      elapsed = nowMs() - start;
    }
    if (turn > 0) best = Math.max(best, (1000 * done * clips) / Math.max(elapsed, 1e-6));
  }
  return best;
}

function randomMaps(graph: Graph, names: readonly string[], count: number): Tensors {
  const nodes = nodesByName(graph);
  const mapOf = (name: string) => {
    const random = new Random(1, hashText(name));
    return Float32Array.from({ length: count * sizeOf(nodes.get(name)!.shape) }, () => random.normal());
  };
  return Object.fromEntries(names.map((name) => [name, mapOf(name)]));
}
