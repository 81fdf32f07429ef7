/** A model at work on recordings: samples in, the label of the clip out. */
import { sameFrontEnd } from '../audio/check-front-end.js';
import type { FrontEnd } from '../audio/front-end.js';
import { SAMPLE_RATE_HZ } from '../audio/sample-rate.js';
import { createWasmFrontEnd } from '../audio/wasm-front-end.js';
import type { Engine, InferenceProgram } from '../engine/engine.js';
import { compileNetwork, isRouted, type Routing } from '../engine/routed-program.js';
import { createWasmEngine } from '../engine/wasm/wasm-engine.js';
import { ConfigError, EngineError } from '../errors.js';
import { clipSamples, type Model, SILENCE_LABEL, UNKNOWN_LABEL } from '../formats/model.js';
import { nodesByName, type Pair, type Shape, type Tensors } from '../graph/graph.js';
import { clipLogits, indexOfLargest, softmaxRow } from '../numerics/scores.js';
import { monoAt16Khz } from './mono-at-16-khz.js';

/** How far the window moves on along a recording longer than one clip. */
export const WINDOW_HOP_MS = 100;

export interface RecognizerOptions {
  /** Default: the WebAssembly engine, ended with the recognizer. An engine given here stays the caller's. */
  readonly engine?: Engine;
  /** Default: the WebAssembly front end. Its configuration must be the model's. */
  readonly frontEnd?: FrontEnd;
  /** Of a network that chooses its resolution: who chooses. Default: its predictor. */
  readonly routing?: Routing;
}

/** The resolution that a network chose for a clip. */
export interface ChosenRoute {
  /** In the network's list, the largest first. */
  readonly index: number;
  /** `[time, frequency]` */
  readonly resolution: Pair;
  /** Multiply–accumulates that the clip took, choosing included. */
  readonly macs: number;
}

export interface Recognition {
  readonly label: string;
  /** Softmax score of `label`, 0 … 1. */
  readonly score: number;
  /** Score by label; they add up to 1. */
  readonly scores: Record<string, number>;
  /** The stretch of the recording that was scored. */
  readonly startMs: number;
  readonly endMs: number;
  /** Of a network that chooses its resolution: what it chose for that stretch. */
  readonly route?: ChosenRoute;
}

export interface Recognizer {
  readonly model: Model;
  /**
   * The label of a recording. One shorter than the model's clip gets zeros at its end; along a longer one a window moves
   * by 100 ms (the last ends with the recording), and the one with the highest score of any label but `_unknown_` and
   * `_silence_` is reported, the earliest of equals. `samples`: mono, floats in [−1, 1] or 16-bit integers.
   * @throws AudioFormatError for no samples, NaN, infinity, or a rate outside 8 … 192 kHz.
   */
  recognize(samples: Float32Array | Int16Array, sampleRateHz: number): Recognition;
  /** Frees the engine's memory; `recognize` throws from then on. */
  dispose(): void;
}

/**
 * Prepares a model for recognition.
 * @throws ConfigError if `frontEnd` is not the model's, or `routing` does not fit its network; EngineError where WebAssembly SIMD is missing.
 */
export async function createRecognizer(model: Model, options: RecognizerOptions = {}): Promise<Recognizer> {
  if (options.frontEnd && !sameFrontEnd(options.frontEnd.config, model.frontEnd)) {
    throw new ConfigError(
      'front-end-mismatch',
      `Cannot recognise with ${model.name}: expected the front end of its file, got another configuration`,
      { value: options.frontEnd.config },
    );
  }
  const frontEnd = options.frontEnd ?? (await createWasmFrontEnd(model.frontEnd));
  const engine = options.engine ?? (await createWasmEngine());
  const endEngine = () => {
    if (!options.engine) engine.dispose();
  };
  let program: InferenceProgram | undefined;
  try {
    const { quantization } = model;
    program = await compileNetwork(engine, model.graph, { maxBatch: 1, quantization });
    program.assign({ ...model.parameters, ...model.statistics });
    if (options.routing !== undefined) routeBy(program, options.routing, model.name);
    return new ProgramRecognizer(model, frontEnd, program, endEngine);
  } catch (error) {
    program?.dispose();
    endEngine();
    throw error;
  }
}

function routeBy(program: InferenceProgram, routing: Routing, name: string): void {
  if (isRouted(program)) program.routeBy(routing);
  else
    throw new ConfigError(
      'routing',
      `Cannot choose a resolution for ${name}: expected a network that can look at several, got one that looks at one`,
      { value: routing },
    );
}

class ProgramRecognizer implements Recognizer {
  readonly model: Model;
  readonly #frontEnd: FrontEnd;
  readonly #program: InferenceProgram;
  readonly #endEngine: () => void;
  readonly #window: Float32Array;
  readonly #features: Float32Array;
  readonly #inputs: Tensors;
  readonly #output: { readonly name: string; readonly shape: Shape };
  readonly #keywords: readonly number[];
  #disposed = false;

  constructor(model: Model, frontEnd: FrontEnd, program: InferenceProgram, endEngine: () => void) {
    this.model = model;
    this.#frontEnd = frontEnd;
    this.#program = program;
    this.#endEngine = endEngine;
    const { graph, labels } = model;
    const nodes = nodesByName(graph);
    const [frames, bands, maps] = nodes.get(graph.inputs[0])!.shape;
    this.#window = new Float32Array(clipSamples(model));
    this.#features = new Float32Array(frames * bands * maps);
    this.#inputs = { [graph.inputs[0]]: this.#features };
    this.#output = nodes.get(graph.outputs[0])!;
    const all = labels.map((_, index) => index);
    const keywords = all.filter((i) => labels[i] !== UNKNOWN_LABEL && labels[i] !== SILENCE_LABEL);
    this.#keywords = keywords.length > 0 ? keywords : all;
  }

  recognize(samples: Float32Array | Int16Array, sampleRateHz: number): Recognition {
    if (this.#disposed) {
      throw new EngineError(
        'recognizer-disposed',
        'Cannot recognise: expected a recognizer in use, got a disposed one',
      );
    }
    const heard = monoAt16Khz(samples, sampleRateHz);
    const starts = windowStarts(heard.length, this.#window.length);
    const candidates = starts.map((start) => ({
      start,
      scores: this.#scoresAt(heard, start),
      route: this.#chosenRoute(),
    }));
    const keywordScore = (scores: Float32Array) =>
      this.#keywords.reduce((most, i) => Math.max(most, scores[i]), 0);
    const best = candidates[indexOfLargest(candidates.map(({ scores }) => keywordScore(scores)))];
    const startMs = (best.start * 1000) / SAMPLE_RATE_HZ;
    const endMs = Math.min(startMs + this.model.clipMs, (samples.length * 1000) / sampleRateHz);
    const { route } = best;
    return { ...this.#named(best.scores), startMs, endMs, ...(route && { route }) };
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#program.dispose();
    this.#endEngine();
  }

  /** Softmax scores of the window that begins at a sample; zeros follow where the recording ends. */
  #scoresAt(heard: Float32Array, start: number): Float32Array {
    const window = this.#window.fill(0);
    window.set(heard.subarray(start, start + window.length));
    this.#frontEnd.compute(window, this.#features);
    const { name, shape } = this.#output;
    const map = this.#program.run(this.#inputs, 1)[name];
    const scores = new Float32Array(shape[2]);
    softmaxRow(clipLogits(map, 1, shape), 1, scores);
    return scores;
  }

  /** Of the clip scored last. */
  #chosenRoute(): ChosenRoute | undefined {
    const program = this.#program;
    if (!isRouted(program)) return undefined;
    const [index] = program.chosen;
    const { resolution } = program.routes.branches[index];
    return { index, resolution, macs: program.macsOf(index) };
  }

  #named(scores: Float32Array): Pick<Recognition, 'label' | 'score' | 'scores'> {
    const { labels } = this.model;
    const top = indexOfLargest(scores);
    return {
      label: labels[top],
      score: scores[top],
      scores: Object.fromEntries(labels.map((label, i) => [label, scores[i]])),
    };
  }
}

/** Where windows of a recording begin: every 100 ms, and where the last whole one fits. */
function windowStarts(samples: number, window: number): number[] {
  const hop = (WINDOW_HOP_MS * SAMPLE_RATE_HZ) / 1000;
  const last = Math.max(0, samples - window);
  const starts: number[] = [];
  for (let start = 0; start < last; start += hop) starts.push(start);
  return [...starts, last];
}
