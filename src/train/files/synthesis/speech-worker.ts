/**
 * The process that speaks: runs Flite in Node's WASI, or eSpeak NG, one utterance at a time. Bundled into text by
 * scripts/build-kernels.mjs.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SpeechAnswer, SpeechRequest, SpeechWorkerData } from './speech-messages.js';

/** The first message says where things are, every later one asks for an utterance. */
let where: SpeechWorkerData | undefined;

type Wasi = InstanceType<typeof import('node:wasi').WASI>;
let flite: Promise<WebAssembly.Module> | undefined;
let createWasi: ((args: string[]) => Wasi) | undefined;

/** Loads `node:wasi` without its experimental warning; every other warning passes. */
async function loadWasi(): Promise<(args: string[]) => Wasi> {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
    if (/\bWASI\b/.test(String(warning))) return;
    emitWarning.call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    const { WASI } = await import('node:wasi');
    const create = (args: string[]) =>
      new WASI({ version: 'preview1', args, preopens: { '/out': where!.folder }, returnOnExit: true });
    // Some versions of Node warn at the import, others at the first instance.
    create([]);
    return create;
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** A WAV file's bytes. Flite writes a file: each call is a fresh program with one folder of the disk. */
async function speakFlite(request: SpeechRequest): Promise<Uint8Array<ArrayBuffer>> {
  createWasi ??= await loadWasi();
  flite ??= WebAssembly.compile(readFileSync(where!.flitePath!));
  const name = `${process.pid}.wav`;
  const path = join(where!.folder, name);
  const features = [`duration_stretch=${request.stretch}`, `int_f0_target_mean=${request.pitchHz}`];
  const settings = features.flatMap((feature) => ['--setf', feature]);
  const args = ['flite', '-voice', request.voice, ...settings, '-t', request.text, '-o', `/out/${name}`];
  const wasi = createWasi(args);
  const instance = await WebAssembly.instantiate(await flite, wasi.getImportObject() as WebAssembly.Imports);
  const status = wasi.start(instance);
  if (status !== 0) throw new Error(`flite ended with status ${status}`);
  const bytes = new Uint8Array(readFileSync(path));
  rmSync(path);
  return bytes;
}

/** What we use of `@echogarden/espeak-ng-emscripten`, which has no types. */
interface Espeak {
  readonly samplerate: number;
  rate: number;
  pitch: number;
  list_voices(): { identifier: string; languages: { name: string }[] }[];
  set_voice(name: string, language: string, gender: number, age: number, variant: number): number;
  synthesize(text: string, onSamples: (samples: Int16Array | undefined) => boolean | undefined): void;
}

let languages: Set<string> | undefined;
const ESPEAK_RATE = 160;
const ESPEAK_PITCH = 50;

/**
 * A fresh one for each utterance (50 ms), since what it said before would be heard in the samples. It seeds the noise of
 * breathy voices by the clock, which therefore stands still meanwhile (in this process).
 */
async function loadEspeak(): Promise<Espeak> {
  const { default: load } = await import(/* @vite-ignore */ where!.espeakUrl!);
  const now = Date.now;
  Date.now = () => 0;
  try {
    const { eSpeakNGWorker } = await load();
    return new eSpeakNGWorker();
  } finally {
    Date.now = now;
  }
}

/** The languages eSpeak NG has, in lower case: told to speak another one it never ends. */
function languagesOf(engine: Espeak): Set<string> {
  const names = engine
    .list_voices()
    .flatMap(({ identifier, languages }) => [
      identifier.slice(identifier.lastIndexOf('/') + 1),
      ...languages.map(({ name }) => name),
    ]);
  return new Set(names.map((name) => name.toLowerCase()));
}

async function speakEspeak(request: SpeechRequest): Promise<SpeechAnswer> {
  const espeak = await loadEspeak();
  languages ??= languagesOf(espeak);
  const [language] = request.voice.split('+');
  if (!languages.has(language.toLowerCase())) throw new Error(`eSpeak NG does not speak "${language}"`);
  if (espeak.set_voice(request.voice, '', 0, 0, 0) !== 0) throw new Error('eSpeak NG has no such voice');
  espeak.rate = Math.round(ESPEAK_RATE / request.stretch);
  espeak.pitch = Math.round(Math.min(99, Math.max(0, ESPEAK_PITCH * request.pitchRatio ** 2)));
  const chunks: Int16Array[] = [];
  espeak.synthesize(request.text, (samples) => {
    if (samples) chunks.push(samples);
    return undefined;
  });
  const samples = new Int16Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    samples.set(chunk, offset);
    offset += chunk.length;
  }
  return { pcm: { samples, sampleRateHz: espeak.samplerate } };
}

async function speak(request: SpeechRequest): Promise<SpeechAnswer> {
  try {
    return request.engine === 'flite' ? { wav: await speakFlite(request) } : await speakEspeak(request);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

process.on('message', async (message: SpeechWorkerData | SpeechRequest) => {
  if ('folder' in message) where = message;
  else process.send!(await speak(message));
});
process.on('disconnect', () => process.exit());
