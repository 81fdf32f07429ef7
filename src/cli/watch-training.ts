/** Shows a training run on stderr. */
import type { TrainerOptions } from '../train/trainer-options.js';
import { type Io, note } from './io.js';
import { createProgress, type Progress } from './progress.js';
import { formatPercent } from './table.js';

export interface TrainingWatch {
  readonly listeners: Required<Pick<TrainerOptions, 'onStart' | 'onStep' | 'onEpoch'>>;
  end(): void;
  /** Clips gone through, and time passed, since training began. */
  clipsTrained(): number;
  seconds(): number;
}

/** One progress over the whole run: clips gone through, loss, accuracy, last validation, time left. */
export function watchTraining(io: Io): TrainingWatch {
  let progress: Progress | undefined;
  let startedMs = io.nowMs();
  let [from, done] = [0, 0];
  let [details, validated] = ['', ''];
  return {
    listeners: {
      onStart({ epochsDone, batchesDone, epochs, batchesPerEpoch, clipsPerEpoch }) {
        startedMs = io.nowMs();
        from = done = Math.round((epochsDone + batchesDone / batchesPerEpoch) * clipsPerEpoch);
        if (epochsDone >= epochs) note(io, `all ${epochs} epochs are done`);
        else if (from > 0) note(io, `going on in epoch ${epochsDone + 1} of ${epochs}`);
        const total = epochs * clipsPerEpoch;
        progress = createProgress(io, { label: 'training', total, unit: 'clips', start: from });
      },
      onStep({ epoch, epochs, count, loss, accuracy }) {
        done += count;
        details =
          `epoch ${epoch}/${epochs} · loss ${loss.toFixed(3)} · ` + `accuracy ${formatPercent(accuracy)}`;
        progress?.update(done, details + validated);
      },
      onEpoch({ validation }) {
        if (validation)
          validated = ` · validation ${formatPercent(validation.accuracy)}${formatRoutes(validation.routes)}`;
      },
    },
    // The last epoch is validated after its last step.
    end: () => progress?.finish(details + validated),
    clipsTrained: () => done - from,
    seconds: () => (io.nowMs() - startedMs) / 1000,
  };
}

/** " at 12 / 30 / 58 %": parts of the clips by resolution, the largest first. */
function formatRoutes(routes: readonly number[] | undefined): string {
  if (!routes) return '';
  const clips = routes.reduce((sum, count) => sum + count, 0);
  return ` at ${routes.map((count) => Math.round((100 * count) / clips)).join(' / ')} %`;
}
