/** A data set spoken by synthetic voices: one folder a word, list files by speaker, background noise. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SAMPLE_RATE_HZ } from '../../../audio/sample-rate.js';
import { writeWav } from '../../../audio/wav.js';
import { ConfigError, DataSetError, throwIfAborted } from '../../../errors.js';
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
 * `testing_list.txt` by speaker, `_background_noise_`, and `synthesis.json`, written last, with what was asked for.
 * The same seed gives the same bytes, whatever the number of threads.
 * @throws ConfigError `bad-word`, `bad-voices`, `package-missing`; DataSetError `output-not-empty`, `speech-failed`.
 */
export async function synthesizeWords(
  words: readonly string[],
  options: SynthesisOptions,
): Promise<SynthesisResult> {
  const { outDir, clips = 160, seed = 1, voices = FLITE_VOICES, clipMs = 1000, noise = true } = options;
  checkWords(words);
  checkVoices(voices);
  await openEmptyFolder(outDir);
  const utterances = planUtterances(words, voices, { clips, seed });
  const sentences = noise ? BABBLE_SENTENCES.length : 0;
  let done = 0;
  const onSpoken = () => options.onProgress?.(++done, utterances.length + sentences);
  const engines = [...new Set(voices.map((voice) => voice.engine))];
  const pool = await createSpeechPool({ engines, threads: options.threads, signal: options.signal });
  try {
    if (noise) await writeNoises(pool, { outDir, seed, voices, onSpoken });
    const longest = await writeClips(pool, utterances, { outDir, clipMs, signal: options.signal, onSpoken });
    await writeLists(outDir, utterances);
    const names = voices.map(({ name }) => name);
    const record = {
      words,
      clips,
      seed,
      voices: names,
      clipMs,
      noise,
      attribution: voicesAttribution(voices),
    };
    await writeFile(join(outDir, 'synthesis.json'), `${JSON.stringify(record, null, 2)}\n`);
    return {
      clips: utterances.length,
      voices: names,
      speakers: speakersOf(voices),
      longestMs: (1000 * longest) / SAMPLE_RATE_HZ,
    };
  } finally {
    await pool.dispose();
  }
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
  await mkdir(outDir, { recursive: true });
  const entries = await readdir(outDir);
  if (entries.length === 0) return;
  throw new DataSetError(
    'output-not-empty',
    `Cannot speak into ${outDir}: expected an empty or new folder, got one that holds ${entries[0]}`,
    { value: outDir },
  );
}

interface ClipWriting {
  outDir: string;
  clipMs: number;
  signal?: AbortSignal;
  onSpoken: () => void;
}

/** Writes all clips; returns the length of the longest, in samples. */
async function writeClips(
  pool: SpeechPool,
  utterances: readonly Utterance[],
  options: ClipWriting,
): Promise<number> {
  for (const word of new Set(utterances.map((utterance) => utterance.word)))
    await mkdir(join(options.outDir, word));
  let longest = 0;
  await Promise.all(
    utterances.map(async (utterance) => {
      const { word, voice, tract, tilt, peakDb, offsetMs } = utterance;
      const spoken = await pool.speak(utterance.request);
      throwIfAborted(options.signal);
      const samples = shapeClip(spoken, { tract, tilt, peakDb, offsetMs, clipMs: options.clipMs });
      if (samples.length === 0) throw silent(word, voice);
      longest = Math.max(longest, samples.length);
      await writeWavFile(join(options.outDir, fileOf(utterance)), samples);
      options.onSpoken();
    }),
  );
  return longest;
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

interface NoiseWriting {
  outDir: string;
  seed: number;
  voices: readonly Voice[];
  onSpoken: () => void;
}

/** The voices of the babble are those trained on: no other may be heard in training. */
async function writeNoises(
  pool: SpeechPool,
  { outDir, seed, voices, onSpoken }: NoiseWriting,
): Promise<void> {
  const folder = join(outDir, '_background_noise_');
  await mkdir(folder);
  const own = voices.filter((voice) => voice.split === 'train');
  const sentences = await Promise.all(
    BABBLE_SENTENCES.map(async (text, index) => {
      const { name, engine, pitchHz } = own[index % own.length];
      const spoken = await pool.speak({ engine, voice: name, text, stretch: 1, pitchHz, pitchRatio: 1 });
      onSpoken();
      return shapeClip(spoken, { ...NEUTRAL, clipMs: 0 });
    }),
  );
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
