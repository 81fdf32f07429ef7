/** `hearken train DIR --out FILE`: a folder of recordings becomes a model file and a report. */
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { HearkenError } from '../errors.js';
import { writeFileAtomic } from '../formats/files/write-file-atomic.js';
import { encodeModel } from '../formats/model-file.js';
import { costsOf } from '../graph/costs.js';
import { type CheckpointFile, openCheckpointFile } from '../train/files/checkpoint-file.js';
import type { RoutingMetrics } from '../train/routing/routing-metrics.js';
import { checkOwnPlace, checkWritable, claimOutput, fileExists } from './claim-output.js';
import { type Io, note, printResult } from './io.js';
import { formatDuration, formatRate } from './progress.js';
import { commandLine, writeReport } from './report-parts.js';
import { formatRouting, macsOf, routingOf } from './routing-options.js';
import { formatCount, formatLeftOut, formatPercent } from './table.js';
import { addTrainOptions, checkTrainOptions, reportPath, type TrainOptions } from './train-options.js';
import { trainingReport } from './training-report.js';
import { type FinishedTraining, runTraining } from './training-run.js';

export function registerTrain(program: Command, io: Io): void {
  const command = program
    .command('train')
    .summary('make a model of a folder of recordings')
    .description(
      'Trains a network on a folder of recordings and writes one model file, with a report beside it.',
    );
  addTrainOptions(command).action((dir: string, options: TrainOptions) => train(dir, options, io));
}

async function train(dir: string, options: TrainOptions, io: Io): Promise<void> {
  checkTrainOptions(options);
  const report = reportPath(options);
  await checkWritable(options.out);
  const kept = [options.out, options.init, options.predictor, options.teacher].filter(
    (file) => file !== undefined,
  );
  if (report) await checkOwnPlace('--report', report, kept);
  const claim = await claimOutput(options.out);
  try {
    const checkpoints = openCheckpointFile(claim.checkpoint);
    const resume = await checkpointToResume(checkpoints, options, io);
    const finished = await runTraining({ dir, options, io, checkpoints, resume });
    const bytes = encodeModel(finished.model);
    await writeFileAtomic(options.out, bytes);
    if (report) {
      const about = {
        dir,
        name: basename(resolve(dir)),
        command: commandLine(io.argv),
        modelBytes: bytes.length,
      };
      await writeReport(report, trainingReport(finished, about));
    }
    await claim.finish();
    const result = resultOf(finished, options.out, report);
    printResult(io, options, result, () => formatResult(result, bytes.length));
  } catch (error) {
    await claim.release();
    const isUnhurt = io.signal.aborted || (error instanceof HearkenError && error.code === 'file-write');
    if (isUnhurt && (await fileExists(claim.checkpoint)))
      note(io, 'The same command with --resume goes on from the last checkpoint');
    throw error;
  }
}

/** The bytes of the checkpoint to go on from, or none. @throws HearkenError if an earlier run's work would be lost. */
async function checkpointToResume(
  checkpoints: CheckpointFile,
  options: TrainOptions,
  io: Io,
): Promise<Uint8Array | undefined> {
  const { path } = checkpoints;
  if (options.resume) {
    const bytes = await checkpoints.read();
    if (bytes) return bytes;
    if (await fileExists(options.out)) {
      const message = `Cannot resume ${options.out}: expected a checkpoint in ${path}, got a model that is finished`;
      throw new HearkenError('finished-run', `${message} (without --resume it is trained anew)`, {
        value: options.out,
      });
    }
    note(io, `no checkpoint in ${path} yet: starting from the beginning`);
    return undefined;
  }
  if (!options.restart && (await fileExists(path))) {
    throw new HearkenError(
      'unfinished-run',
      `Cannot train into ${options.out}: expected no unfinished run, got one in ${path} (--resume goes on with it, --restart begins anew)`,
      { value: path },
    );
  }
  return undefined;
}

interface TrainResult {
  readonly model: string;
  readonly file: string;
  readonly report: string | null;
  readonly parameters: number;
  /** Of a DRNet a list: those of each resolution. */
  readonly macs: number | readonly number[];
  /** What a DRNet chose for the validation clips. */
  readonly routing?: RoutingMetrics;
  readonly recipe: string;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly seed: number;
  readonly labels: readonly string[];
  readonly seconds: number;
  readonly samplesPerSecond: number;
  readonly validation: { readonly accuracy: number; readonly clips: number; readonly loss: number };
  readonly skipped: number;
}

function resultOf(finished: FinishedTraining, file: string, report: string | undefined): TrainResult {
  const { model, dataSet, seconds, clipsTrained, validation } = finished;
  const { parameters } = costsOf(model.graph);
  const routing = routingOf(model.graph, finished.predictions);
  return {
    model: model.name,
    file,
    report: report ?? null,
    parameters,
    macs: macsOf(model.graph),
    ...(routing && { routing }),
    recipe: finished.recipe.name,
    epochs: finished.history.length,
    bestEpoch: finished.epoch,
    seed: finished.seed,
    labels: model.labels,
    seconds,
    samplesPerSecond: seconds > 0 ? clipsTrained / seconds : 0,
    validation: { accuracy: 0, clips: 0, loss: 0, ...validation },
    skipped: dataSet.skipped.length,
  };
}

function formatResult(result: TrainResult, bytes: number): string {
  const { validation, seconds, samplesPerSecond } = result;
  const right =
    validation.clips > 0
      ? `${formatPercent(validation.accuracy, 2)} of ${formatCount(validation.clips)} validation clips right`
      : 'trained without validation';
  return [
    `${result.model}: ${right} ` +
      `(epoch ${result.bestEpoch} of ${result.epochs}, ${formatCount(result.parameters)} parameters)`,
    `trained in ${formatDuration(seconds)}, ${formatRate(samplesPerSecond)} clips a second`,
    ...(result.routing && validation.clips > 0 ? [formatRouting(result.routing)] : []),
    ...(result.skipped > 0 ? [formatLeftOut(result.skipped)] : []),
    `model   ${result.file} (${formatCount(bytes)} bytes)`,
    ...(result.report ? [`report  ${result.report}`] : []),
  ].join('\n');
}
