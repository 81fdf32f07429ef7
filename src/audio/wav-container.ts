/** The chunks of a RIFF/WAVE file, checked against what is really there before anything is decoded. */
import { AudioFormatError } from '../errors.js';
import { HIGHEST_SAMPLE_RATE_HZ, LOWEST_SAMPLE_RATE_HZ } from './sample-rate.js';

export type WavEncoding = 'pcm' | 'float' | 'a-law' | 'mu-law';

/** What the header says, and where the samples lie. */
export interface WavContainer {
  readonly encoding: WavEncoding;
  /** Bits of one sample as stored. */
  readonly bits: number;
  readonly channels: number;
  readonly sampleRateHz: number;
  /** Bytes of one sample of all channels. */
  readonly blockBytes: number;
  /** Samples of one channel: whole blocks only. */
  readonly frames: number;
  readonly dataOffset: number;
  /** Whether the file is a plain 44-byte header and its data. */
  readonly isCanonical: boolean;
}

const MOST_CHANNELS = 64;
const EXTENSIBLE = 0xfffe;
const ENCODINGS: Readonly<Record<number, WavEncoding>> = { 1: 'pcm', 3: 'float', 6: 'a-law', 7: 'mu-law' };
const SAMPLE_BITS: Readonly<Record<WavEncoding, readonly number[]>> = {
  pcm: [8, 16, 24, 32],
  float: [32, 64],
  'a-law': [8],
  'mu-law': [8],
};
/** Bytes 2 … 15 of the sub-format of WAVE_FORMAT_EXTENSIBLE (KSDATAFORMAT_SUBTYPE); the first two are the format code. */
const SUBTYPE_TAIL = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/**
 * Finds format and samples in the bytes of a WAV file; `name` stands in messages. Takes no memory for samples.
 * @throws AudioFormatError if this is no RIFF/WAVE file, an encoding we do not read, cut short or empty.
 *
 * Source: Microsoft, "Multiple channel audio data and WAVE files" (2007).
 */
export function parseWavContainer(bytes: Uint8Array, name: string): WavContainer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  checkMagic(bytes, name);
  const chunks = findChunks(view, name);
  const format = parseFormat(view, chunks.format, name);
  const frames = Math.floor(chunks.data.size / format.blockBytes);
  if (frames === 0) throw wavFault('wav-empty', name, 'at least one sample', 'none');
  const isCanonical = chunks.format.offset === 20 && chunks.format.size === 16 && chunks.data.offset === 44;
  return { ...format, frames, dataOffset: chunks.data.offset, isCanonical };
}

/** An error about the file `name`, in the grammar of errors.ts. */
export function wavFault(
  code: string,
  name: string,
  wanted: string,
  found: string,
  value?: unknown,
): AudioFormatError {
  return new AudioFormatError(code, `Cannot read ${name}: expected ${wanted}, got ${found}`, { value });
}

/** @throws AudioFormatError naming the first sample that is NaN or infinite. */
export function checkFinite(samples: Float32Array, name: string): void {
  // x − x is 0 for finite numbers and NaN for the others.
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i] - samples[i];
  if (sum === 0) return;
  const at = samples.findIndex((x) => !Number.isFinite(x));
  throw wavFault('audio-not-finite', name, 'finite samples', `${samples[at]} at sample ${at}`, samples[at]);
}

interface Chunk {
  readonly offset: number;
  readonly size: number;
}

function checkMagic(bytes: Uint8Array, name: string): void {
  const magic = textAt(bytes, 0);
  if (magic === 'RIFF' && textAt(bytes, 8) === 'WAVE') return;
  const known: Record<string, string> = {
    RIFX: 'RIFX (big-endian WAV)',
    RF64: 'RF64 (64-bit WAV)',
    BW64: 'BW64 (64-bit WAV)',
    riff: 'Wave64',
    fLaC: 'FLAC',
    OggS: 'Ogg',
    FORM: 'AIFF',
    RIFF: `RIFF of type ${JSON.stringify(textAt(bytes, 8))}`,
  };
  const found =
    known[magic] ??
    (bytes.length < 12 ? `${bytes.length} bytes` : `a file that starts ${JSON.stringify(magic)}`);
  throw wavFault('wav-container', name, 'a RIFF/WAVE file', found, magic);
}

function textAt(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}

const FORMAT_ID = 0x20746d66; // 'fmt ' read as a little-endian number
const DATA_ID = 0x61746164; // 'data'

function findChunks(view: DataView, name: string): { format: Chunk; data: Chunk } {
  let format: Chunk | undefined;
  let data: Chunk | undefined;
  let at = 12;
  while (at + 8 <= view.byteLength && !(format && data)) {
    const id = view.getUint32(at, true);
    const chunk = { offset: at + 8, size: view.getUint32(at + 4, true) };
    if (id === FORMAT_ID) format ??= whole(view, chunk, 'format', name);
    if (id === DATA_ID) data ??= whole(view, chunk, 'data', name);
    at = chunk.offset + chunk.size;
    // Chunks of odd length are followed by a zero byte, which careless writers leave out.
    if (chunk.size % 2 === 1 && at < view.byteLength && view.getUint8(at) === 0) at++;
  }
  if (!format) throw wavFault('wav-container', name, 'a "fmt " chunk', 'none');
  if (!data) throw wavFault('wav-container', name, 'a "data" chunk', 'none');
  return { format, data };
}

function whole(view: DataView, chunk: Chunk, what: string, name: string): Chunk {
  const there = view.byteLength - chunk.offset;
  if (chunk.size <= there) return chunk;
  throw wavFault(
    'wav-truncated',
    name,
    `${chunk.size} bytes of ${what} as its header promises`,
    `${there} (the file is cut short)`,
    there,
  );
}

type Format = Pick<WavContainer, 'encoding' | 'bits' | 'channels' | 'sampleRateHz' | 'blockBytes'>;

function parseFormat(view: DataView, chunk: Chunk, name: string): Format {
  if (chunk.size < 16) {
    throw wavFault('wav-format', name, 'a "fmt " chunk of at least 16 bytes', `${chunk.size}`, chunk.size);
  }
  const encoding = parseEncoding(view, chunk, name);
  const channels = view.getUint16(chunk.offset + 2, true);
  const sampleRateHz = view.getUint32(chunk.offset + 4, true);
  const blockBytes = view.getUint16(chunk.offset + 12, true);
  const bits = view.getUint16(chunk.offset + 14, true);
  if (!SAMPLE_BITS[encoding].includes(bits)) {
    const wanted = `${encoding} samples of ${SAMPLE_BITS[encoding].join(', ')} bits`;
    throw wavFault('wav-format', name, wanted, `${bits} bits`, bits);
  }
  if (channels < 1 || channels > MOST_CHANNELS) {
    throw wavFault('wav-format', name, `1 to ${MOST_CHANNELS} channels`, `${channels}`, channels);
  }
  if (sampleRateHz < LOWEST_SAMPLE_RATE_HZ || sampleRateHz > HIGHEST_SAMPLE_RATE_HZ) {
    const wanted = `a sample rate of ${LOWEST_SAMPLE_RATE_HZ} to ${HIGHEST_SAMPLE_RATE_HZ} Hz`;
    throw wavFault('wav-sample-rate', name, wanted, `${sampleRateHz} Hz`, sampleRateHz);
  }
  if (blockBytes !== (channels * bits) / 8) {
    const wanted = `blocks of ${(channels * bits) / 8} bytes (${channels} × ${bits} bits)`;
    throw wavFault('wav-format', name, wanted, `${blockBytes}`, blockBytes);
  }
  return { encoding, bits, channels, sampleRateHz, blockBytes };
}

function parseEncoding(view: DataView, chunk: Chunk, name: string): WavEncoding {
  let code = view.getUint16(chunk.offset, true);
  if (code === EXTENSIBLE) {
    const isKnown =
      chunk.size >= 40 && SUBTYPE_TAIL.every((byte, i) => view.getUint8(chunk.offset + 26 + i) === byte);
    if (!isKnown)
      throw wavFault('wav-format', name, 'a known sub-format', 'an extensible header without one');
    code = view.getUint16(chunk.offset + 24, true);
  }
  const encoding = ENCODINGS[code];
  if (encoding) return encoding;
  throw wavFault('wav-format', name, 'PCM, float, A-law or µ-law samples', `format code ${code}`, code);
}
