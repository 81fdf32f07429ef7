import { describe, expect, it } from 'vitest';
import { watchTraining } from '../../src/cli/watch-training.js';
import { createFakeIo } from './fake-io.js';

describe('watchTraining', () => {
  const notesOf = (epochsDone: number, batchesDone: number) => {
    const io = createFakeIo([]);
    const { listeners } = watchTraining(io);
    listeners.onStart({ epochsDone, batchesDone, epochs: 3, batchesPerEpoch: 4, clipsPerEpoch: 32 });
    return io.written.stderr;
  };

  it('says where a resumed run goes on, and nothing of one that begins', () => {
    expect(notesOf(0, 0)).toBe('');
    expect(notesOf(0, 1)).toBe('going on in epoch 1 of 3\n');
    expect(notesOf(2, 0)).toBe('going on in epoch 3 of 3\n');
  });

  it('speaks of no epoch beyond the last when all are done', () => {
    expect(notesOf(3, 0)).toBe('all 3 epochs are done\n');
  });
});
