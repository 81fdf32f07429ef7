/** The clip that a model file is checked with; made the same way everywhere. */
import { SAMPLE_RATE_HZ } from '../audio/sample-rate.js';
import { sin } from '../numerics/elementary.js';
import { Random } from '../numerics/random.js';

/**
 * A synthetic clip at 16 kHz that touches every band: a tone that climbs from 100 to 7000 Hz, beating like syllables
 * (4 Hz), over faint noise, with digital silence in the last eighth.
 */
export function parityClip(samples: number): Int16Array {
  const random = new Random(1);
  const clip = new Int16Array(samples);
  const sounding = samples - Math.floor(samples / 8);
  for (let i = 0; i < sounding; i++) {
    const seconds = i / SAMPLE_RATE_HZ;
    const cycles = 100 * seconds + (3450 * seconds * i) / sounding;
    const level = 0.25 * (1 - sin(2 * Math.PI * 4 * seconds, 1));
    const value = level * sin(2 * Math.PI * cycles) + 0.01 * random.between(-1, 1);
    clip[i] = Math.round(value * 32767);
  }
  return clip;
}
