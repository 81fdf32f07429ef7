/** Sounds for the tests of the front ends: like recordings, and the ends of the range. */
import { Random } from '../../src/numerics/random.js';

/** Voiced and noisy stretches with a moving pitch and level over a faint noise floor, peak near `level`. */
export function speechLike(samples: number, level: number, seed = 1): Float32Array {
  const random = new Random(seed);
  const clip = new Float32Array(samples);
  let phase = 0;
  for (let i = 0; i < samples; i++) {
    const seconds = i / 16000;
    const envelope = Math.max(0, Math.sin(2 * Math.PI * 3 * seconds)) ** 2;
    phase += (2 * Math.PI * (120 + 40 * Math.sin(2 * Math.PI * 1.3 * seconds))) / 16000;
    let voice = 0;
    for (let harmonic = 1; harmonic <= 20; harmonic++) voice += Math.sin(harmonic * phase) / harmonic ** 1.2;
    const noise = random.between(-1, 1) * (Math.sin(2 * Math.PI * 5 * seconds) > 0.6 ? 0.3 : 0.001);
    clip[i] = Math.fround(level * (envelope * voice * 0.4 + noise));
  }
  return clip;
}

export function tone(samples: number, hz: number, level = 1): Float32Array {
  return Float32Array.from({ length: samples }, (_, i) => level * Math.sin((2 * Math.PI * hz * i) / 16000));
}

/** What a 16-bit recording makes of a clip. */
export function quantized(clip: Float32Array): Float32Array {
  return clip.map((x) => Math.max(-32768, Math.min(32767, Math.round(x * 32768))) / 32768);
}

export const CLIPS: Readonly<Record<string, Float32Array>> = {
  'a clip like speech': quantized(speechLike(16000, 0.5)),
  'quiet speech': quantized(speechLike(16000, 0.002, 2)),
  silence: new Float32Array(16000),
  'a full-scale tone on a bin': tone(16000, 1000),
  'a full-scale tone between bins': tone(16000, 1015.6),
  'a full-scale tone at the top': tone(16000, 7590),
  'a full-scale tone at the bottom': tone(16000, 21),
  'a full-scale square wave': tone(16000, 440).map((x) => (x < 0 ? -1 : 1)),
  'a constant': new Float32Array(16000).fill(-1),
  'one click': new Float32Array(16000).fill(1, 8000, 8001),
};
