/** A folder of synthetic words that any network tells apart: tones that rise, fall or stay, over faint noise. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWav } from '../../src/audio/wav.js';
import { Random } from '../../src/numerics/random.js';

const RATE_HZ = 16000;
const WORDS: Readonly<Record<string, (seconds: number) => number>> = {
  rise: (seconds) => 400 + 1500 * seconds,
  fall: (seconds) => 3500 - 2500 * seconds,
  stay: () => 1000,
};

export interface TinyWordsOptions {
  readonly speakers?: number;
  /** Milliseconds of each recording. */
  readonly clipMs?: number;
}

/** Writes `folder/WORD/SPEAKER_nohash_0.wav`, one recording a word and speaker. */
export function writeTinyWords(
  folder: string,
  { speakers = 12, clipMs = 1000 }: TinyWordsOptions = {},
): void {
  for (const [word, hertz] of Object.entries(WORDS)) {
    mkdirSync(join(folder, word), { recursive: true });
    for (let speaker = 0; speaker < speakers; speaker++) {
      const samples = tone(hertz, speaker, clipMs);
      const file = join(folder, word, `speaker${speaker}_nohash_0.wav`);
      writeFileSync(file, writeWav(samples, { sampleRateHz: RATE_HZ }));
    }
  }
}

function tone(hertz: (seconds: number) => number, speaker: number, clipMs: number): Float32Array {
  const random = new Random(7, speaker);
  const samples = new Float32Array((RATE_HZ * clipMs) / 1000);
  const pitch = random.between(0.9, 1.1);
  let phase = random.between(0, 2 * Math.PI);
  for (let i = 0; i < samples.length; i++) {
    phase += (2 * Math.PI * pitch * hertz(i / RATE_HZ)) / RATE_HZ;
    samples[i] = 0.3 * Math.sin(phase) + 0.01 * random.between(-1, 1);
  }
  return samples;
}
