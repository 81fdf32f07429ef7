/** Which recordings a quantisation is calibrated with. */
import { DataSetError } from '../errors.js';
import { SILENCE_LABEL, UNKNOWN_LABEL } from '../formats/model.js';
import { hashText, Random } from '../numerics/random.js';
import type { Clip, DataSet } from './data-set.js';

export interface CalibrationOptions {
  /** How many clips; fewer where there are fewer. */
  readonly clips: number;
  readonly seed: number;
  /** Of the data set, for messages. */
  readonly name: string;
}

/**
 * Clips drawn without replacement from those to train on, or where there are none from those to validate with; never from the test
 * split. The data set must have been opened with the model's labels.
 * @throws DataSetError `no-calibration-clips` if neither has a recording of any keyword.
 */
export function calibrationClips(dataSet: DataSet, { clips, seed, name }: CalibrationOptions): Clip[] {
  const { labels, train, validation, test } = dataSet;
  const isKeyword = ({ label }: Clip) => labels[label] !== UNKNOWN_LABEL && labels[label] !== SILENCE_LABEL;
  const source = [train, validation].find((split) => split.some(isKeyword));
  if (!source) {
    const words = labels.filter((_, label) => isKeyword({ label } as Clip)).join(', ');
    throw new DataSetError(
      'no-calibration-clips',
      `Cannot calibrate with ${name}: expected recordings of ${words} to train or validate with, got ${train.length} and ` +
        `${validation.length} of other words (and ${test.length} test recordings, which are kept for tests)`,
      { value: name },
    );
  }
  return new Random(seed, hashText('calibration')).shuffle([...source]).slice(0, clips);
}
