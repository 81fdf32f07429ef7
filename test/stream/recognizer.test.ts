import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../src/audio/meyda-front-end.js';
import { AudioFormatError, ConfigError, EngineError } from '../../src/errors.js';
import { createRecognizer } from '../../src/stream/recognizer.js';
import { createNaiveEngine } from '../support/naive-engine.js';
import { loudnessModel, loudScore, tone } from './loudness-model.js';

const engine = createNaiveEngine();
const meyda = createMeydaFrontEnd(DEFAULT_FRONT_END);
const recognizer = await createRecognizer(loudnessModel(), { engine });

/** A recording of silence with a tone in the middle of it. */
function burst(length: number, at: number, amplitude = 0.5): Float32Array {
  const samples = new Float32Array(length);
  samples.set(tone(800, amplitude), at);
  return samples;
}

describe('recognize', () => {
  it('scores a clip as the formula says, from the definition of the front end', () => {
    const clip = tone(800, 0.001);
    const wanted = loudScore(meyda.compute(clip));
    const found = recognizer.recognize(clip, 16000);
    expect(wanted).toBeGreaterThan(0.05);
    expect(wanted).toBeLessThan(0.95);
    expect(found.scores.loud).toBeCloseTo(wanted, 4);
    expect(found.scores._unknown_).toBeCloseTo(1 - wanted, 4);
    expect(found.label).toBe(wanted > 0.5 ? 'loud' : '_unknown_');
    expect(found.score).toBe(found.scores[found.label]);
    expect([found.startMs, found.endMs]).toEqual([0, 50]);
  });

  it('gives the same answer with the Meyda front end', async () => {
    const withMeyda = await createRecognizer(loudnessModel(), { engine, frontEnd: meyda });
    const clip = tone(800, 0.001);
    expect(withMeyda.recognize(clip, 16000).score).toBeCloseTo(recognizer.recognize(clip, 16000).score, 4);
  });

  it('fills a short clip with zeros at its end', () => {
    const short = tone(300, 0.5);
    const filled = new Float32Array(800);
    filled.set(short);
    const found = recognizer.recognize(short, 16000);
    expect(found.scores).toEqual(recognizer.recognize(filled, 16000).scores);
    expect([found.startMs, found.endMs]).toEqual([0, 18.75]);
    expect(recognizer.recognize(tone(1, 0.5), 16000).endMs).toBe(0.0625);
  });

  it('reads 16-bit integers as integer / 32768', () => {
    const integers = Int16Array.from({ length: 800 }, (_, i) => (i % 64) * 512 - 16384);
    const floats = Float32Array.from(integers, (x) => x / 32768);
    expect(recognizer.recognize(integers, 16000)).toEqual(recognizer.recognize(floats, 16000));
  });

  it('finds the window of a long recording that holds the word', () => {
    const found = recognizer.recognize(burst(16000, 8000), 16000);
    expect([found.label, found.startMs, found.endMs]).toEqual(['loud', 500, 550]);
    const alone = recognizer.recognize(tone(800, 0.5), 16000);
    expect(found.scores).toEqual(alone.scores);
  });

  it('scores the end of a recording that no whole hop reaches', () => {
    const found = recognizer.recognize(burst(16123, 16123 - 800), 16000);
    expect(found.startMs).toBeCloseTo(((16123 - 800) * 1000) / 16000, 9);
    expect(found.endMs).toBeCloseTo((16123 * 1000) / 16000, 9);
    expect(found.scores).toEqual(recognizer.recognize(tone(800, 0.5), 16000).scores);
  });

  it('reports the earliest of equal windows', () => {
    const twice = burst(16000, 3200);
    twice.set(tone(800, 0.5), 9600);
    expect(recognizer.recognize(twice, 16000).startMs).toBe(200);
  });

  it('does not take a high score of unknown or silence for the best window', async () => {
    const quiet = await createRecognizer(loudnessModel(['_silence_', 'word', '_unknown_'], 0.1), { engine });
    // The loud window scores _silence_ highest; `word` is highest where it is quiet.
    const found = quiet.recognize(burst(16000, 0), 16000);
    expect(found.startMs).toBe(100);
  });

  it('compares all labels where none is a keyword', async () => {
    const special = await createRecognizer(loudnessModel(['_silence_', '_unknown_']), { engine });
    expect(special.recognize(burst(16000, 4800), 16000).startMs).toBe(300);
  });

  it('resamples: a word at 48 kHz gets the score and the time it has at 16 kHz', () => {
    const fast = new Float32Array(48000);
    for (let i = 0; i < 2400; i++) fast[24000 + i] = 0.001 * Math.sin((2 * Math.PI * i) / 48);
    const found = recognizer.recognize(fast, 48000);
    const slow = recognizer.recognize(burst(16000, 8000, 0.001), 16000);
    expect([found.startMs, found.endMs]).toEqual([500, 550]);
    // The filter rounds the tone's hard edges off.
    expect(Math.abs(found.scores.loud - slow.scores.loud)).toBeLessThan(0.05);
  });

  it('does not change the samples it is given', () => {
    const clip = tone(1000, 0.5);
    const copy = clip.slice();
    recognizer.recognize(clip, 16000);
    expect(clip).toEqual(copy);
  });

  const spoiled = (value: number) => tone(800, 0.5).fill(value, 7, 8);
  // biome-ignore lint/suspicious/noExplicitAny: what a caller without types may pass.
  const bad: [string, any, any, string, RegExp][] = [
    ['no samples', new Float32Array(0), 16000, 'no-samples', /expected samples, got none/],
    ['NaN', spoiled(NaN), 16000, 'samples-not-finite', /expected finite samples, got NaN at 7/],
    ['infinity', spoiled(-Infinity), 16000, 'samples-not-finite', /got -Infinity at 7/],
    ['a rate of 0', tone(800, 0.5), 0, 'sample-rate', /8000 to 192000 Hz, got 0/],
    ['a rate of 1 MHz', tone(800, 0.5), 1e6, 'sample-rate', /got 1000000/],
    ['no rate', tone(800, 0.5), undefined, 'sample-rate', /got undefined/],
    ['bytes', new Uint8Array(800), 16000, 'samples-type', /a Float32Array or an Int16Array, got Uint8Array/],
    ['a list', [0, 1], 16000, 'samples-type', /got Array/],
  ];
  it.each(bad)('refuses %s', (_, samples, rate, code, message) => {
    const run = () => recognizer.recognize(samples, rate);
    expect(run).toThrow(AudioFormatError);
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

describe('createRecognizer', () => {
  it('refuses the front end of another model', async () => {
    const frontEnd = createMeydaFrontEnd({ ...DEFAULT_FRONT_END, bands: 32 });
    const made = createRecognizer(loudnessModel(), { engine, frontEnd });
    await expect(made).rejects.toThrow(ConfigError);
    await expect(made).rejects.toThrow(/^Cannot recognise with loudness: expected the front end of its file/);
  });

  it('leaves a given engine to the caller, and refuses work once disposed', async () => {
    let disposed = 0;
    const counted = { ...engine, dispose: () => void disposed++ };
    const used = await createRecognizer(loudnessModel(), { engine: counted });
    used.dispose();
    used.dispose();
    expect(disposed).toBe(0);
    expect(() => used.recognize(tone(800, 0.5), 16000)).toThrow(EngineError);
  });
});
