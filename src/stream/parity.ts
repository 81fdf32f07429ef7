/** Whether a model scores here as it did where it was made. */
import { SAMPLE_RATE_HZ } from '../audio/sample-rate.js';
import { ConfigError } from '../errors.js';
import type { Model } from '../formats/model.js';
import { createRecognizer, type RecognizerOptions } from './recognizer.js';

/** Scores may differ by this much between engines, front ends and machines; a fault shows as far more. */
export const PARITY_TOLERANCE = 1e-3;

export interface Verification {
  /** Largest difference of one score, 0 … 1. */
  readonly difference: number;
  readonly tolerance: number;
  readonly agrees: boolean;
  /** Scores by label, as the file says and as computed here. */
  readonly expected: Record<string, number>;
  readonly found: Record<string, number>;
}

/**
 * Scores the parity clip of a model file again and compares.
 * @throws ConfigError if the file holds no parity clip.
 */
export async function verifyModel(model: Model, options: RecognizerOptions = {}): Promise<Verification> {
  const { parity, labels } = model;
  if (!parity) {
    throw new ConfigError(
      'no-parity',
      `Cannot verify ${model.name}: expected a model file with a parity clip, got none`,
    );
  }
  const found = await scoresOf(model, parity.samples, options);
  const expected = Object.fromEntries(labels.map((label, i) => [label, parity.scores[i]]));
  const difference = Math.max(...labels.map((label) => Math.abs(found[label] - expected[label])));
  return { difference, tolerance: PARITY_TOLERANCE, agrees: difference <= PARITY_TOLERANCE, expected, found };
}

async function scoresOf(model: Model, samples: Int16Array, options: RecognizerOptions) {
  const recognizer = await createRecognizer(model, options);
  try {
    return recognizer.recognize(samples, SAMPLE_RATE_HZ).scores;
  } finally {
    recognizer.dispose();
  }
}
