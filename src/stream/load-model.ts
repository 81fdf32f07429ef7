/** From a model file, wherever it lies, to a recognizer. */
import { readFile } from '#read-file';
import { ConfigError } from '../errors.js';
import { addressName, fetchBytes } from '../formats/fetch-bytes.js';
import { decodeModel } from '../formats/model-file.js';
import { createRecognizer, type Recognizer, type RecognizerOptions } from './recognizer.js';

export interface LoadModelOptions extends RecognizerOptions {
  /** Stops a download or a read. */
  readonly signal?: AbortSignal;
}

/**
 * Loads a model file: its bytes, a path, or a URL (`file:` under Node, whatever `fetch` knows anywhere). In a browser a
 * path is an address relative to the page.
 *
 *     const recognizer = await loadModel('commands.safetensors');
 *     const { samples, sampleRateHz } = readWav(bytes);
 *     const { label, score } = recognizer.recognize(samples, sampleRateHz);
 *
 * @throws ConfigError `model-source` for what is none of these, and as `createRecognizer` does; ModelFileError if the file cannot be had or is not sound; EngineError where WebAssembly SIMD is missing.
 */
export async function loadModel(
  source: Uint8Array | ArrayBuffer | string | URL,
  options: LoadModelOptions = {},
): Promise<Recognizer> {
  const { signal, ...rest } = options;
  const [bytes, name] = await fetchSource(source, signal);
  signal?.throwIfAborted();
  return createRecognizer(decodeModel(bytes, name), rest);
}

async function fetchSource(
  source: Uint8Array | ArrayBuffer | string | URL,
  signal: AbortSignal | undefined,
): Promise<[Uint8Array, string]> {
  if (source instanceof Uint8Array) return [source, 'model'];
  if (source instanceof ArrayBuffer) return [new Uint8Array(source), 'model'];
  const isUrl = source instanceof URL;
  if (!isUrl && typeof source !== 'string')
    throw new ConfigError(
      'model-source',
      `Cannot load a model: expected the bytes of a file, a path or a URL, got ${source === null ? 'null' : typeof source}`,
      { value: source },
    );
  // Two letters at least: C:\models is a path.
  const isAddress = isUrl || /^[a-z][a-z\d+.-]+:/i.test(source);
  if (!isAddress) return [await readFile(source, signal), source];
  const url = new URL(source);
  return [
    await (url.protocol === 'file:' ? readFile(url, signal) : fetchBytes(url, signal)),
    addressName(url),
  ];
}
