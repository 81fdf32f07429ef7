/** A finished training run as the data of its report. */
import packageJson from '../../package.json' with { type: 'json' };
import { SAMPLE_RATE_HZ } from '../audio/sample-rate.js';
import { writeWav } from '../audio/wav.js';
import type { ClipStore } from '../train/clip-store.js';
import { metricsOf, worstMistakes } from '../train/metrics.js';
import type { OptimizerRecipe } from '../train/recipe.js';
import type { Fact, Mistake, ReportData } from '../train/report/report-data.js';
import { formatDuration, formatRate } from './progress.js';
import { dataSetCounts, networkCost, shortPath } from './report-parts.js';
import { routingOf } from './routing-options.js';
import type { FinishedTraining } from './training-run.js';

const MISTAKES_SHOWN = 12;

export interface AboutTraining {
  /** The folder's path, of which file names are shown relative. */
  readonly dir: string;
  /** Its last part. */
  readonly name: string;
  readonly command: string;
  readonly modelBytes: number;
}

/** Curves, confusions of the validation clips, worst mistakes, costs, counts, and how to repeat it. */
export function trainingReport(finished: FinishedTraining, about: AboutTraining): ReportData {
  const { model, history, dataSet, predictions } = finished;
  const { labels } = dataSet;
  const routing = routingOf(model.graph, predictions);
  return {
    title: `${model.name} on ${about.name}`,
    kind: 'training',
    command: about.command,
    settings: settingsOf(finished),
    history: history.map(({ epoch, training, validation, learningRate }) => ({
      epoch,
      trainLoss: training.loss,
      trainAccuracy: training.accuracy,
      validationLoss: validation?.loss,
      validationAccuracy: validation?.accuracy,
      learningRate,
    })),
    bestEpoch: finished.epoch,
    ...(predictions.length > 0 && {
      evaluation: { split: 'validation', labels, metrics: metricsOf(labels, predictions) },
    }),
    mistakes: mistakesOf(finished, about.dir),
    ...(routing && predictions.length > 0 && { routing }),
    network: networkCost(model.graph, model.name, about.modelBytes),
    dataSet: dataSetCounts(dataSet, about.name, ['train', 'validation']),
  };
}

function settingsOf(finished: FinishedTraining): Fact[] {
  const { recipe, seconds, clipsTrained, history, stoppedEarly } = finished;
  const facts: Record<string, string> = {
    Seed: String(finished.seed),
    Recipe: recipe.name,
    Epochs: `${history.length}${stoppedEarly ? ' (stopped early)' : ''}, kept: ${finished.epoch}`,
    Batch: `${recipe.batchSize} clips`,
    Optimizer: optimizerText(recipe.optimizer),
    'Learning rate': `${recipe.schedule.kind}, ${recipe.schedule.rate}`,
    Engine: finished.engine,
    'Front end': finished.frontEnd,
    Threads: String(finished.threads),
    Took: `${formatDuration(seconds)}, ${formatRate(clipsTrained / Math.max(seconds, 1e-3))} clips a second`,
    Software: `hearken ${packageJson.version}, Node ${process.versions.node}`,
    Written: new Date().toISOString().slice(0, 16).replace('T', ' '),
  };
  return Object.entries(facts).map(([name, value]) => ({ name, value }));
}

function optimizerText(optimizer: OptimizerRecipe): string {
  const name = optimizer.kind === 'adamw' ? 'AdamW' : `SGD, momentum ${optimizer.momentum}`;
  return `${name}, weight decay ${optimizer.weightDecay}`;
}

function mistakesOf({ dataSet, predictions, store }: FinishedTraining, dir: string): Mistake[] {
  const { labels, validation } = dataSet;
  const named = predictions.map((prediction, i) => ({ ...prediction, file: validation[i].file }));
  return worstMistakes(labels, named, MISTAKES_SHOWN).map((mistake) => ({
    file: shortPath(dir, mistake.file!),
    actual: mistake.truth,
    heard: mistake.answer,
    score: mistake.score,
    actualScore: mistake.truthScore,
    wav: writeWav(heardSamples(store, mistake.file!), { sampleRateHz: SAMPLE_RATE_HZ }),
  }));
}

/** What the network saw of a stored clip. A copy: stored memory may be shared, which not every reader takes. */
function heardSamples(store: ClipStore, file: string): Int16Array {
  const index = store.indexOf(file);
  const { cropStart } = store.clips[index];
  return store.samples(index).slice(cropStart, cropStart + store.clipSamples);
}
