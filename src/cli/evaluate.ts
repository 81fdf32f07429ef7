/** `hearken evaluate FILE DIR`: how often a model is right about recordings whose words are known. */
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Routing } from '../engine/routed-program.js';
import { DataSetError } from '../errors.js';
import type { Recognizer } from '../stream/recognizer.js';
import { checkSkippedShare } from '../train/assemble-data-set.js';
import { type Clip, type DataSet, SPLITS, type SplitName } from '../train/data-set.js';
import { openDataSet } from '../train/files/open-data-set.js';
import { type Metrics, metricsOf } from '../train/metrics.js';
import type { Mistake } from '../train/report/report-data.js';
import type { RoutingMetrics } from '../train/routing/routing-metrics.js';
import { checkOwnPlace } from './claim-output.js';
import { hearClips, mistakesToHear } from './hear-clips.js';
import { type Io, note, printResult } from './io.js';
import { addFrontEndOption, type FrontEndName, openRecognizer } from './open-recognizer.js';
import { fileToWrite, numberBetween } from './options.js';
import { commandLine, dataSetCounts, networkCost, writeReport } from './report-parts.js';
import {
  addRoutingOptions,
  checkRoutingOptions,
  formatRouting,
  type RoutingOptions,
  routingFrom,
  routingOf,
} from './routing-options.js';
import { formatCount, formatLeftOut, formatPercent, formatTable } from './table.js';

interface EvaluateOptions extends RoutingOptions {
  readonly split: SplitName | 'all';
  readonly frontEnd: FrontEndName;
  readonly maxUnreadableShare?: number;
  readonly report?: string;
  readonly json?: boolean;
}

export function registerEvaluate(program: Command, io: Io): void {
  const command = program
    .command('evaluate')
    .summary('count how often a model is right')
    .description('Counts how often a model is right about recordings whose words are known.')
    .argument('<file>', 'a model file')
    .argument('<dir>', 'a folder of recordings as for `train`; words that the model lacks count as _unknown_')
    .addOption(new Option('--split <name>', 'which recordings').choices([...SPLITS, 'all']).default('test'));
  addRoutingOptions(addFrontEndOption(command))
    .option(
      '--max-unreadable-share <part>',
      'share of recordings that may be left out as missing or unreadable (default: 0.05)',
      numberBetween(0, 1),
    )
    .option(
      '--report <html>',
      'write a report with confusions and the worst mistakes to listen to',
      fileToWrite,
    )
    .option('--json', 'print one JSON value')
    .action((file: string, dir: string, options: EvaluateOptions) => evaluate({ file, dir, options, io }));
}

interface Job {
  readonly file: string;
  readonly dir: string;
  readonly options: EvaluateOptions;
  readonly io: Io;
}

async function evaluate(job: Job): Promise<void> {
  const { file, dir, options, io } = job;
  checkRoutingOptions(options);
  if (options.report) await checkOwnPlace('--report', options.report, [file]);
  let routing: Routing | undefined;
  const recognizer = await openRecognizer(file, options.frontEnd, io.signal, (model) => {
    routing = routingFrom(options, model);
    return routing;
  });
  try {
    const { model } = recognizer;
    const dataSet = await openDataSet(dir, {
      labels: model.labels,
      purpose: 'evaluation',
      clipMs: model.clipMs,
      maxSkippedShare: options.maxUnreadableShare,
      signal: io.signal,
    });
    const clips = clipsOf(dataSet, options.split, dir);
    const heard = await hearClips(recognizer, clips, io);
    const skipped = [...dataSet.skipped, ...heard.skipped];
    const { maxUnreadableShare: maxSkippedShare } = options;
    checkSkippedShare(heard.skipped, heard.predictions.length, { name: dir, maxSkippedShare });
    const metrics = metricsOf(model.labels, heard.predictions);
    const routed = routingOf(model.graph, heard.predictions, routing);
    if (options.report) {
      const mistakes = await mistakesToHear(model.labels, heard.predictions, dir);
      await report(options.report, {
        job,
        recognizer,
        dataSet: { ...dataSet, skipped },
        metrics,
        mistakes,
        routed,
      });
    }
    const { clips: count, correct, accuracy, perLabel, confusion } = metrics;
    const result = {
      split: options.split,
      clips: count,
      correct,
      accuracy,
      labels: model.labels,
      perLabel,
      confusion,
      skipped,
      frontEnd: options.frontEnd,
      ...(routed && { routing: { by: routing?.kind ?? 'predicted', ...routed } }),
      ...(options.report && { report: options.report }),
    };
    printResult(io, options, result, () => {
      const text = formatMetrics(metrics, options, skipped.length);
      return routed ? `${text}\n\n${formatRouting(routed)}` : text;
    });
  } finally {
    recognizer.dispose();
  }
}

function clipsOf(dataSet: DataSet, split: SplitName | 'all', dir: string): readonly Clip[] {
  const clips = split === 'all' ? SPLITS.flatMap((name) => dataSet[name]) : dataSet[split];
  if (clips.length > 0) return clips;
  const found = SPLITS.map((name) => `${dataSet[name].length} in ${name}`).join(', ');
  throw new DataSetError(
    'empty-split',
    `Cannot evaluate on ${dir}: expected recordings in split ${split}, got ${found}`,
    { value: split },
  );
}

interface Evaluated {
  readonly job: Job;
  readonly recognizer: Recognizer;
  readonly dataSet: DataSet;
  readonly metrics: Metrics;
  readonly mistakes: readonly Mistake[];
  readonly routed: RoutingMetrics | undefined;
}

async function report(path: string, evaluated: Evaluated): Promise<void> {
  const { job, recognizer, dataSet, metrics, mistakes, routed } = evaluated;
  const { file, dir, options, io } = job;
  const { model } = recognizer;
  const { size } = await stat(file);
  const splits = options.split === 'all' ? SPLITS : [options.split];
  const seed = model.training?.seed;
  await writeReport(path, {
    title: `${basename(file)} on ${basename(resolve(dir))}`,
    kind: 'evaluation',
    command: commandLine(io.argv),
    settings: [
      { name: 'Model', value: `${model.name}, ${model.labels.length} labels` },
      ...(seed === undefined ? [] : [{ name: 'Trained with seed', value: String(seed) }]),
      { name: 'Front end', value: options.frontEnd },
      { name: 'Split', value: options.split },
    ],
    evaluation: { split: options.split, labels: model.labels, metrics },
    mistakes,
    ...(routed && { routing: routed }),
    network: networkCost(model.graph, model.name, size),
    dataSet: dataSetCounts(dataSet, basename(resolve(dir)), splits),
  });
  note(io, `report: ${path}`);
}

function formatMetrics(metrics: Metrics, options: EvaluateOptions, skipped: number): string {
  const rows = metrics.perLabel.filter(({ clips }) => clips > 0);
  const table = formatTable(rows, [
    { title: 'label', cell: (row) => row.label },
    { title: 'clips', cell: (row) => formatCount(row.clips), align: 'right' },
    { title: 'right', cell: (row) => formatPercent(row.recall), align: 'right' },
    { title: 'right when heard', cell: (row) => formatPercent(row.precision), align: 'right' },
  ]);
  const { correct, clips, accuracy } = metrics;
  const summary = `${options.split}: ${formatCount(correct)} of ${formatCount(clips)} clips right, accuracy ${formatPercent(accuracy, 2)}`;
  return `${table}\n\n${summary}${skipped > 0 ? `, ${formatLeftOut(skipped)}` : ''}`;
}
