/** Runs a recognizer over the recordings of a split. */
import { decodeAudio } from '../audio/decode.js';
import { resample } from '../audio/resample.js';
import { SAMPLE_RATE_HZ } from '../audio/sample-rate.js';
import { writeWav } from '../audio/wav.js';
import { HearkenError } from '../errors.js';
import { readFile } from '../formats/files/read-file.node.js';
import type { Recognizer } from '../stream/recognizer.js';
import type { Clip } from '../train/data-set.js';
import { type Prediction, worstMistakes } from '../train/metrics.js';
import type { Mistake } from '../train/report/report-data.js';
import type { Io } from './io.js';
import { createProgress } from './progress.js';
import { shortPath } from './report-parts.js';
import { formatPercent } from './table.js';

/** How many of the worst mistakes a report holds to listen to. */
const MISTAKES_SHOWN = 12;

export interface Heard {
  /** `file` is the path that can be opened. */
  readonly predictions: HeardPrediction[];
  readonly skipped: { file: string; reason: string }[];
}

export interface HeardPrediction extends Prediction {
  readonly file: string;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Recognises every clip, showing progress; what cannot be read is listed.
 * @throws the reason of `io.signal`
 */
export async function hearClips(recognizer: Recognizer, clips: readonly Clip[], io: Io): Promise<Heard> {
  const { labels } = recognizer.model;
  const heard: Heard = { predictions: [], skipped: [] };
  const progress = createProgress(io, { label: 'evaluating', total: clips.length, unit: 'clips' });
  let correct = 0;
  for (const [done, clip] of clips.entries()) {
    io.signal.throwIfAborted();
    try {
      const { samples, sampleRateHz } = await decodeAudio(await readFile(clip.file), clip.file);
      const { label, scores, startMs, endMs, route } = recognizer.recognize(samples, sampleRateHz);
      if (labels.indexOf(label) === clip.label) correct++;
      heard.predictions.push({
        truth: clip.label,
        scores: labels.map((name) => scores[name]),
        file: clip.file,
        startMs,
        endMs,
        ...(route && { route: route.index }),
      });
    } catch (error) {
      if (!(error instanceof HearkenError)) throw error;
      // The file is named beside the reason already.
      const reason = error.message.replace(`Cannot read ${clip.file}: `, '');
      heard.skipped.push({ file: clip.file, reason });
    }
    progress.update(done + 1, accuracySoFar(correct, heard.predictions.length));
  }
  progress.finish(accuracySoFar(correct, heard.predictions.length));
  return heard;
}

const accuracySoFar = (correct: number, clips: number) =>
  clips === 0 ? '' : `${formatPercent(correct / clips)} right`;

/** The worst mistakes with the stretch of sound that misled, as WAV at 16 kHz. */
export async function mistakesToHear(
  labels: readonly string[],
  predictions: readonly HeardPrediction[],
  dir: string,
): Promise<Mistake[]> {
  const byFile = new Map(predictions.map((prediction) => [prediction.file, prediction]));
  return Promise.all(
    worstMistakes(labels, predictions, MISTAKES_SHOWN).map(async (mistake) => {
      const { file, startMs, endMs } = byFile.get(mistake.file!)!;
      const clip = await decodeAudio(await readFile(file), file);
      const samples = resample(clip.samples, { fromHz: clip.sampleRateHz, toHz: SAMPLE_RATE_HZ });
      const [from, to] = [startMs, endMs].map((ms) => Math.round((ms * SAMPLE_RATE_HZ) / 1000));
      return {
        file: shortPath(dir, file),
        actual: mistake.truth,
        heard: mistake.answer,
        score: mistake.score,
        actualScore: mistake.truthScore,
        wav: writeWav(samples.subarray(from, to), { sampleRateHz: SAMPLE_RATE_HZ }),
      };
    }),
  );
}
