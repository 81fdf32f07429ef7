import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../src/audio/meyda-front-end.js';
import { parityClip } from '../../src/formats/parity-clip.js';

describe('parityClip', () => {
  it('touches every band and ends in silence', () => {
    const clip = parityClip(16000);
    const map = createMeydaFrontEnd(DEFAULT_FRONT_END).compute(Float32Array.from(clip, (x) => x / 32768));
    for (let band = 0; band < 40; band++) {
      const column = Array.from({ length: 98 }, (_, t) => map[t * 40 + band]);
      expect(Math.max(...column) - Math.min(...column), `band ${band}`).toBeGreaterThan(5);
    }
    expect(clip.slice(-2000).every((x) => x === 0)).toBe(true);
    expect(clip.reduce((most, x) => Math.max(most, Math.abs(x)), 0)).toBeLessThan(32767);
  });
});
