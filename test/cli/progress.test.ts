import { describe, expect, it } from 'vitest';
import { createProgress, formatDuration } from '../../src/cli/progress.js';
import { createFakeIo } from './fake-io.js';

describe('createProgress', () => {
  it('writes a plain line every five seconds and one at the end when stderr is no terminal', () => {
    const io = createFakeIo([]);
    const progress = createProgress(io, { label: 'reading', total: 100, unit: 'clips' });
    for (let done = 1; done <= 12; done++) {
      io.pass(1000);
      progress.update(done * 5, 'loss 0.5');
    }
    progress.finish('read');
    expect(io.written.stdout).toBe('');
    expect(io.written.stderr).toBe(
      [
        'reading: 25/100 clips · 5.0/s · loss 0.5 · 15 s left',
        'reading: 50/100 clips · 5.0/s · loss 0.5 · 10 s left',
        'reading: 60/100 clips · 5.0/s · read · 8 s left',
        '',
      ].join('\n'),
    );
  });

  it('does not write the same line twice', () => {
    const io = createFakeIo([]);
    const progress = createProgress(io, { label: 'reading', total: 2, unit: 'clips' });
    io.pass(6000);
    progress.update(2);
    progress.finish();
    expect(io.written.stderr).toBe('reading: 2/2 clips · 0.33/s\n');
  });

  it('leaves what was done before a resume out of the rate', () => {
    const io = createFakeIo([]);
    const progress = createProgress(io, { label: 'epoch', total: 100, unit: 'clips', start: 60 });
    io.pass(10_000);
    progress.update(80);
    expect(io.written.stderr).toBe('epoch: 80/100 clips · 2.0/s · 10 s left\n');
  });

  it('draws a bar on a terminal and leaves the cursor visible', () => {
    const io = createFakeIo([]);
    const stderr = { ...io.stderr, isTTY: true, columns: 80 };
    const progress = createProgress(
      { ...io, stderr, nowMs: () => io.nowMs() },
      { label: 'reading', total: 4, unit: 'clips' },
    );
    io.pass(2000);
    progress.update(4);
    progress.finish('loss 0.5');
    expect(io.written.stderr).toContain('reading ████████████████████ 100% · loss 0.5 · 2.0 clips/s');
    expect(io.written.stderr.lastIndexOf('\x1B[?25h')).toBeGreaterThan(
      io.written.stderr.lastIndexOf('\x1B[?25l'),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0.4, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min 0 s'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
  ])('says %d s as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});
