/** Shows a training run on stderr. */
import type { Recipe } from '../train/recipe.js';
import type { StepReport } from '../train/trainer-options.js';
import type { EpochRecord } from '../train/training-state.js';
import { type Io, note } from './io.js';
import { createProgress, type Progress } from './progress.js';
import { formatPercent } from './table.js';

export interface TrainingWatch {
  /** Where the run begins: epochs done, batches of the next one done. */
  begin(epoch: number, batch: number): void;
  onStep(step: StepReport): void;
  onEpoch(record: EpochRecord): void;
  end(): void;
  /** Clips gone through since `begin`. */
  clipsTrained(): number;
}

/** One progress over the whole run: clips gone through, loss, accuracy, last validation, time left. */
export function watchTraining(io: Io, recipe: Recipe, clipsPerEpoch: number): TrainingWatch {
  const clipsAt = (epoch: number, batch: number) =>
    epoch * clipsPerEpoch + Math.min(batch * recipe.batchSize, clipsPerEpoch);
  let progress: Progress | undefined;
  let [from, done] = [0, 0];
  let [details, validated] = ['', ''];
  return {
    begin(epoch, batch) {
      from = done = clipsAt(epoch, batch);
      const total = recipe.epochs * clipsPerEpoch;
      if (from > 0) note(io, `going on in epoch ${epoch + 1} of ${recipe.epochs}`);
      progress = createProgress(io, { label: 'training', total, unit: 'clips', start: from });
    },
    onStep(step) {
      done = clipsAt(step.epoch - 1, step.batch);
      details =
        `epoch ${step.epoch}/${step.epochs} · loss ${step.loss.toFixed(3)} · ` +
        `accuracy ${formatPercent(step.accuracy)}${validated}`;
      progress?.update(done, details);
    },
    onEpoch(record) {
      if (record.validation) validated = ` · validation ${formatPercent(record.validation.accuracy)}`;
    },
    end: () => progress?.finish(details),
    clipsTrained: () => done - from,
  };
}
