import { describe, expect, it } from 'vitest';
import { scoresOf } from '../../../src/train/report/scores.js';

describe('scoresOf', () => {
  it('counts recall along rows and precision along columns', () => {
    const scores = scoresOf(
      ['yes', 'no', '_silence_'],
      [
        [8, 1, 1],
        [4, 6, 0],
        [0, 0, 0],
      ],
    );
    expect(scores).toEqual({
      clips: 20,
      correct: 14,
      accuracy: 0.7,
      perLabel: [
        {
          label: 'yes',
          clips: 10,
          correct: 8,
          recall: 0.8,
          precision: 8 / 12,
          mostHeard: { label: 'no', clips: 1 },
        },
        {
          label: 'no',
          clips: 10,
          correct: 6,
          recall: 0.6,
          precision: 6 / 7,
          mostHeard: { label: 'yes', clips: 4 },
        },
        { label: '_silence_', clips: 0, correct: 0, precision: 0 },
      ],
    });
  });

  it('is 0 without clips, not NaN', () => {
    expect(scoresOf(['a'], [[0]]).accuracy).toBe(0);
  });
});
