/** `hearken quantize FILE DIR --out FILE`: a model of int8 weights, a quarter the size. */
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { createWasmEngine } from '../engine/wasm/wasm-engine.js';
import { readModelFile } from '../formats/files/read-model-file.js';
import { writeFileAtomic } from '../formats/files/write-file-atomic.js';
import type { Model } from '../formats/model.js';
import { encodeModel } from '../formats/model-file.js';
import { checkSkippedShare } from '../train/assemble-data-set.js';
import type { EvaluationSource } from '../train/batches.js';
import { calibrationClips } from '../train/calibration-clips.js';
import { ClipStore } from '../train/clip-store.js';
import type { Clip } from '../train/data-set.js';
import { evaluateSplit } from '../train/evaluate.js';
import { createEvaluationSource } from '../train/features/evaluation-source.js';
import { loadClips } from '../train/files/load-clips.js';
import { openDataSet } from '../train/files/open-data-set.js';
import { quantizeModel, requireUnquantized } from '../train/quantize.js';
import { checkOwnPlace } from './claim-output.js';
import { type Io, printResult } from './io.js';
import { fileToWrite, integer } from './options.js';
import { createProgress } from './progress.js';
import { formatBytes, formatCount, formatLeftOut, formatPercent } from './table.js';

interface QuantizeOptions {
  readonly out: string;
  readonly clips: number;
  readonly seed: number;
  readonly json?: boolean;
}

const BATCH = 16;

export function registerQuantize(program: Command, io: Io): void {
  program
    .command('quantize')
    .summary('make a model small: int8 weights')
    .description(
      'Makes a model of int8 weights: about a quarter of the size. With relaxed kernels it answers somewhat faster, by 4 % to 44 % ' +
        'where measured; with strict ones not always. Every verb reads it like any other; it cannot be exported or trained on. ' +
        'Says what it costs on the validation recordings.',
    )
    .argument('<file>', 'a model file')
    .argument(
      '<dir>',
      'a folder of recordings as for `train`: its clips to train on show what the network’s maps reach',
    )
    .requiredOption('-o, --out <file>', 'the model file to write', fileToWrite)
    .option('--clips <n>', 'how many clips to calibrate with', integer(1), 256)
    .option('--seed <n>', 'draws those clips', integer(0, 2 ** 31), 1)
    .option('--json', 'print one JSON value')
    .action((file: string, dir: string, options: QuantizeOptions) => quantize({ file, dir, options, io }));
}

interface Job {
  readonly file: string;
  readonly dir: string;
  readonly options: QuantizeOptions;
  readonly io: Io;
}

async function quantize(job: Job): Promise<void> {
  const { file, options, io } = job;
  const { out, seed } = options;
  await checkOwnPlace('--out', out, [file]);
  const model = await readModelFile(file, io.signal);
  requireUnquantized(model);
  const recordings = await openRecordings(job, model);
  const { calibration, validation, skipped } = recordings;
  const made = await calibrate(job, model, calibration);
  const clips = calibration.clips;
  const small: Model = { ...made, training: { ...model.training, quantized: { clips, seed } } };
  const accuracy = await compare(io, [model, small], validation);
  const bytes = encodeModel(small);
  const before = (await stat(file)).size;
  await writeFileAtomic(out, bytes);
  const sizes = { bytes: bytes.length, bytesBefore: before };
  const value = { file, out, ...sizes, clips, seed, validation: accuracy ?? null, skipped };
  printResult(io, options, value, () =>
    [
      `wrote ${out}: ${formatBytes(bytes.length)}, ${formatPercent(bytes.length / before)} of ${formatBytes(before)}`,
      accuracy
        ? `validation: ${formatPercent(accuracy.int8, 2)} of ${formatCount(accuracy.clips)} clips right, ${formatPercent(accuracy.float32, 2)} before`
        : 'validation: no recordings',
      ...(skipped.length > 0 ? [formatLeftOut(skipped.length)] : []),
    ].join('\n'),
  );
}

/** Features of the clips to calibrate with and of the validation split. */
async function openRecordings({ dir, options, io }: Job, model: Model) {
  const { signal } = io;
  const { labels, clipMs, frontEnd } = model;
  const dataSet = await openDataSet(dir, { labels, purpose: 'evaluation', clipMs, signal });
  const chosen = calibrationClips(dataSet, { ...options, name: dir });
  const wanted = [...new Set([...chosen, ...dataSet.validation])];
  const store = new ClipStore({ clipMs });
  const progress = createProgress(io, { label: 'reading', total: wanted.length, unit: 'recordings' });
  const skipped = await loadClips(wanted, {
    store,
    signal,
    onProgress: ({ done }) => progress.update(done),
  }).finally(() => progress.finish());
  checkSkippedShare(skipped, wanted.length - skipped.length, { name: dir });
  const features = (clips: readonly Clip[]) =>
    createEvaluationSource({ clips: clips.filter(({ file }) => store.has(file)), store, frontEnd });
  return {
    calibration: await features(chosen),
    validation: await features(dataSet.validation),
    skipped: [...dataSet.skipped, ...skipped],
  };
}

async function calibrate({ io }: Job, model: Model, calibration: EvaluationSource): Promise<Model> {
  const progress = createProgress(io, { label: 'calibrating', total: calibration.clips, unit: 'clips' });
  const onProgress = (done: number) => progress.update(done);
  return quantizeModel(model, { calibration, signal: io.signal, onProgress }).finally(() =>
    progress.finish(),
  );
}

/** The parts of the validation clips that both models get right; undefined where there are none. */
async function compare(
  io: Io,
  models: readonly [float32: Model, int8: Model],
  source: EvaluationSource,
): Promise<{ clips: number; float32: number; int8: number } | undefined> {
  const { clips } = source;
  if (clips === 0) return undefined;
  const progress = createProgress(io, { label: 'comparing', total: 2 * clips, unit: 'clips' });
  const engine = await createWasmEngine();
  try {
    const accuracies: number[] = [];
    for (const [i, { graph, quantization, parameters, statistics }] of models.entries()) {
      const program = await engine.compileInference(graph, { maxBatch: BATCH, quantization });
      program.assign({ ...parameters, ...statistics });
      const onProgress = (done: number) => progress.update(i * clips + done);
      const given = { graph, program, maxBatch: BATCH, source, signal: io.signal, onProgress };
      accuracies.push((await evaluateSplit(given)).score.accuracy);
      program.dispose();
    }
    return { clips, float32: accuracies[0], int8: accuracies[1] };
  } finally {
    progress.finish();
    engine.dispose();
  }
}
