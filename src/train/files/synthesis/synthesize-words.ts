/** A data set spoken by synthetic voices: one folder a word, list files by speaker, background noise. */

import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SAMPLE_RATE_HZ } from '../../../audio/sample-rate.js';
import { writeWav } from '../../../audio/wav.js';
import { ConfigError, DataSetError, throwIfAborted } from '../../../errors.js';
import { makeFolders } from '../../../formats/files/make-folders.js';
import { writeAttribution } from '../attribution-file.js';
import { BABBLE_SENTENCES, babble, colouredNoises } from './noises.js';
import { shapeClip } from './shape-clip.js';
import { createSpeechPool, type SpeechPool } from './speech-pool.js';
import { planUtterances, type Utterance } from './utterances.js';
import { FLITE_VOICES, type Split, type Voice, voicesAttribution } from './voices.js';

const NOISE_SECONDS = 20;
const NEUTRAL = { tract: 1, tilt: 0, peakDb: -6, offsetMs: 0 };

export interface SynthesisOptions {
  /** An empty or new folder. */
  readonly outDir: string;
  /** Clips of each word; a speaker to learn from has three for each of a held-out one's. Default 160. */
  readonly clips?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Default Flite's. */
  readonly voices?: readonly Voice[];
  /** Length of a clip; a longer utterance keeps its own. Default 1000. */
  readonly clipMs?: number;
  /** Write `_background_noise_`. Default true. */
  readonly noise?: boolean;
  /** Default: the cores of this machine, at most 8. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface SynthesisResult {
  /** How many clips were written, noise not counted. */
  readonly clips: number;
  readonly voices: string[];
  /** The speakers of each split. */
  readonly speakers: Record<Split, string[]>;
  /** The longest clip, in ms: over `clipMs` where a word takes longer to say. */
  readonly longestMs: number;
}

/**
 * Speaks `words` into `outDir`: `WORD/SPEAKER_nohash_N.wav` (16 kHz, PCM16), `validation_list.txt` and
 * `testing_list.txt` by speaker, `_background_noise_`, `ATTRIBUTION.txt` for the voices, and `synthesis.json` with what was asked for. The same seed gives
 * the same bytes, whatever the number of threads. What fails or is stopped leaves the folder empty.
 * @throws ConfigError `bad-word`, `bad-voices`, `package-missing`; DataSetError `output-not-empty`, `speech-failed`; the
 * signal's reason; what the disk has to say.
 */
export async function synthesizeWords(
  words: readonly string[],
  options: SynthesisOptions,
): Promise<SynthesisResult> {
  const { outDir, threads, onProgress } = options;
  const { clips = 160, seed = 1, voices = FLITE_VOICES, clipMs = 1000, noise = true } = options;
  checkWords(words);
  checkVoices(voices);
  await openEmptyFolder(outDir);
  const engines = [...new Set(voices.map((voice) => voice.engine))];
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const pool = await createSpeechPool({ engines, threads, signal });
  const work: Work = { words, outDir, clips, seed, voices, clipMs, noise, pool, stop, signal, onProgress };
  try {
    return await writeDataSet(work);
  } catch (error) {
    for (const name of await readdir(outDir)) await rm(join(outDir, name), { recursive: true });
    throw error;
  } finally {
    await pool.dispose();
  }
}

/** What was asked for, without gaps, and what does it. */
interface Work extends Required<Omit<SynthesisOptions, 'signal' | 'threads' | 'onProgress'>> {
  readonly words: readonly string[];
  readonly pool: SpeechPool;
  /** Stops the rest once something failed. */
  readonly stop: AbortController;
  readonly signal: AbortSignal;
  readonly onProgress: SynthesisOptions['onProgress'];
}

async function writeDataSet(work: Work): Promise<SynthesisResult> {
  const { words, outDir, clips, seed, voices, clipMs, noise } = work;
  const utterances = planUtterances(words, voices, { clips, seed });
  const total = utterances.length + (noise ? BABBLE_SENTENCES.length : 0);
  let done = 0;
  const onSpoken = () => work.onProgress?.(++done, total);
  if (noise) await writeNoises(work, onSpoken);
  const longest = await writeClips(work, utterances, onSpoken);
  await writeLists(outDir, utterances);
  const names = voices.map(({ name }) => name);
  await writeAttribution(outDir, voicesAttribution(voices));
  const record = { words, clips, seed, voices: names, clipMs, noise };
  await writeFile(join(outDir, 'synthesis.json'), `${JSON.stringify(record, null, 2)}\n`);
  return {
    clips: utterances.length,
    voices: names,
    speakers: speakersOf(voices),
    longestMs: (1000 * longest) / SAMPLE_RATE_HZ,
  };
}

/** Does something for each item, all at once; a failure stops the rest, and is thrown when nothing is under way any more. */
async function forEach<T, R>(
  items: readonly T[],
  { stop }: Work,
  act: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = await Promise.allSettled(
    items.map((item) =>
      act(item).catch((error) => {
        stop.abort(error);
        throw error;
      }),
    ),
  );
  if (results.some(({ status }) => status === 'rejected')) throw stop.signal.reason;
  return results.map((result) => (result as PromiseFulfilledResult<R>).value);
}

function checkWords(words: readonly string[]): void {
  const bad = words.find((word) => !/^[\p{L}\p{N}][\p{L}\p{M}\p{N} '’-]*$/u.test(word) || /\s$/.test(word));
  if (bad !== undefined)
    throw new ConfigError(
      'bad-word',
      `Cannot speak "${bad}": expected letters, digits, spaces, hyphens and apostrophes`,
      { value: bad },
    );
  if (words.length === 0 || new Set(words).size !== words.length)
    throw new ConfigError('bad-word', `Cannot speak: expected words, each once, got "${words.join(' ')}"`, {
      value: words,
    });
}

function checkVoices(voices: readonly Voice[]): void {
  if (!voices.some((voice) => voice.split === 'train'))
    throw new ConfigError(
      'bad-voices',
      `Cannot speak a data set: expected a voice to train on, got only ${voices.map(({ name, split }) => `${name} (${split})`).join(', ')}`,
      { value: voices.map(({ name }) => name) },
    );
}

/** @throws DataSetError `output-not-empty`: clips of two runs would mix, and lists of real recordings be replaced. */
async function openEmptyFolder(outDir: string): Promise<void> {
  await makeFolders(outDir);
  const entries = await readdir(outDir);
  if (entries.length === 0) return;
  throw new DataSetError(
    'output-not-empty',
    `Cannot speak into ${outDir}: expected an empty or new folder, got one that holds ${entries[0]}`,
    { value: outDir },
  );
}

/** Writes all clips; returns the length of the longest, in samples. */
async function writeClips(
  work: Work,
  utterances: readonly Utterance[],
  onSpoken: () => void,
): Promise<number> {
  const { words, outDir, clipMs, pool, signal } = work;
  for (const word of words) await mkdir(join(outDir, word));
  const lengths = await forEach(utterances, work, async (utterance) => {
    const { word, voice, tract, tilt, peakDb, offsetMs } = utterance;
    const spoken = await pool.speak(utterance.request);
    throwIfAborted(signal);
    const samples = shapeClip(spoken, { tract, tilt, peakDb, offsetMs, clipMs });
    if (samples.length === 0) throw silent(word, voice);
    await writeWavFile(join(outDir, fileOf(utterance)), samples);
    onSpoken();
    return samples.length;
  });
  return Math.max(...lengths);
}

function silent(word: string, voice: Voice): DataSetError {
  return new DataSetError(
    'speech-failed',
    `Cannot speak "${word}": expected sound from voice ${voice.name}, got silence`,
    { value: word },
  );
}

/** `WORD/SPEAKER_nohash_N.wav`, with `/` on every system, as the list files have it. */
function fileOf({ word, voice, take }: Utterance): string {
  return `${word}/${voice.speaker}_nohash_${take}.wav`;
}

async function writeLists(outDir: string, utterances: readonly Utterance[]): Promise<void> {
  for (const [split, name] of [
    ['validation', 'validation_list.txt'],
    ['test', 'testing_list.txt'],
  ] as const) {
    const files = utterances.filter((utterance) => utterance.voice.split === split).map(fileOf);
    await writeFile(join(outDir, name), files.map((file) => `${file}\n`).join(''));
  }
}

/** The voices of the babble are those trained on: no other may be heard in training. */
async function writeNoises(work: Work, onSpoken: () => void): Promise<void> {
  const { outDir, seed, voices, pool } = work;
  const folder = join(outDir, '_background_noise_');
  await mkdir(folder);
  const own = voices.filter((voice) => voice.split === 'train');
  const sentences = await forEach([...BABBLE_SENTENCES.entries()], work, async ([index, text]) => {
    const { name, engine, pitchHz } = own[index % own.length];
    const spoken = await pool.speak({ engine, voice: name, text, stretch: 1, pitchHz, pitchRatio: 1 });
    onSpoken();
    return shapeClip(spoken, { ...NEUTRAL, clipMs: 0 });
  });
  const noises = { ...colouredNoises(seed, NOISE_SECONDS), babble: babble(sentences, seed, NOISE_SECONDS) };
  for (const [name, samples] of Object.entries(noises))
    await writeWavFile(join(folder, `${name}.wav`), samples);
}

function speakersOf(voices: readonly Voice[]): Record<Split, string[]> {
  const of = (split: Split) => [
    ...new Set(voices.filter((voice) => voice.split === split).map((voice) => voice.speaker)),
  ];
  return { train: of('train'), validation: of('validation'), test: of('test') };
}

async function writeWavFile(path: string, samples: Float32Array): Promise<void> {
  await writeFile(path, writeWav(samples, { sampleRateHz: SAMPLE_RATE_HZ }));
}
