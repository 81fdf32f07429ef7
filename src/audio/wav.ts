/** WAV files in and out. `node-wav` decodes; what it cannot read or scales otherwise is put right around it. */
import nodeWav from 'node-wav';
import { AudioFormatError } from '../errors.js';
import { A_LAW, MU_LAW } from './companding.js';
import { checkFinite, parseWavContainer, type WavContainer } from './wav-container.js';

/** A recording in memory. */
export interface AudioClip {
  /** Mono, `integer / 2^(bits − 1)`; float files as they are. */
  samples: Float32Array;
  sampleRateHz: number;
  /** How many channels the file had before they were averaged. */
  channels: number;
}

/**
 * The clip in a WAV file: PCM of 8, 16, 24 or 32 bits, float of 32 or 64, A-law or µ-law; several channels are averaged.
 * `name` stands in messages.
 * @throws AudioFormatError if the file is not such a WAV, is cut short, empty, or holds NaN or Infinity.
 */
export function readWav(bytes: Uint8Array, name = 'the WAV file'): AudioClip {
  const container = parseWavContainer(bytes, name);
  const { channels, sampleRateHz } = container;
  const columns = nodeWav.decode(normalized(bytes, container)).channelData;
  for (const column of columns) restoreScale(column, container);
  const samples = channels === 1 ? columns[0] : averageChannels(columns);
  if (container.encoding === 'float') checkFinite(samples, name);
  return { samples, sampleRateHz, channels };
}

/**
 * A WAV file of 16-bit PCM, mono. Floats are `round(32768 x)`, held within −32768 … 32767.
 * @throws AudioFormatError if a sample is NaN or infinite.
 */
export function writeWav(
  samples: Float32Array | Int16Array,
  options: { readonly sampleRateHz: number },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(44 + samples.length * 2);
  writeHeader(bytes, 1, 16, 1, options.sampleRateHz, 36);
  const data = new Int16Array(bytes.buffer, 44);
  if (samples instanceof Int16Array) data.set(samples);
  else {
    for (let i = 0; i < samples.length; i++) {
      const value = Math.round(samples[i] * 32768);
      if (Number.isNaN(value) || Math.abs(value) === Infinity)
        throw notFinite('write the WAV file', samples[i], i);
      data[i] = Math.max(-32768, Math.min(32767, value));
    }
  }
  return bytes;
}

/** A file that node-wav reads: plain header, aligned, and in a format it knows. The given bytes where they are that. */
function normalized(bytes: Uint8Array, container: WavContainer): Uint8Array {
  const { encoding, bits, channels, frames, dataOffset, sampleRateHz } = container;
  const count = frames * channels;
  if (encoding === 'a-law' || encoding === 'mu-law') {
    const wav = emptyWav(1, 16, channels, sampleRateHz, count);
    const table = encoding === 'a-law' ? A_LAW : MU_LAW;
    for (let i = 0; i < count; i++)
      wav.view.setInt16(wav.dataOffset + 2 * i, table[bytes[dataOffset + i]], true);
    return wav.bytes;
  }
  if (encoding === 'pcm' && bits === 32) {
    // Its rounding cannot be undone afterwards: rounded here, it passes through as float.
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const wav = emptyWav(3, 32, channels, sampleRateHz, count);
    for (let i = 0; i < count; i++) {
      wav.view.setFloat32(wav.dataOffset + 4 * i, view.getInt32(dataOffset + 4 * i, true) / 2 ** 31, true);
    }
    return wav.bytes;
  }
  if (container.isCanonical && isAligned(bytes, container)) return bytes;
  const wav = emptyWav(encoding === 'pcm' ? 1 : 3, bits, channels, sampleRateHz, count);
  wav.bytes.set(bytes.subarray(dataOffset, dataOffset + (count * bits) / 8), wav.dataOffset);
  return wav.bytes;
}

/**
 * node-wav lays a typed array from the data to the end of the buffer: both must be multiples of its element. It takes the length of
 * a part of a buffer for its end, so bytes that begin later (Node 24 pools files of up to 64 kB) are none of its business.
 */
function isAligned(bytes: Uint8Array, { bits, dataOffset }: WavContainer): boolean {
  const size = bits === 24 ? 1 : bits / 8;
  return bytes.byteOffset === 0 && dataOffset % size === 0 && bytes.buffer.byteLength % size === 0;
}

interface EmptyWav {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly dataOffset: number;
}

function emptyWav(
  code: number,
  bits: number,
  channels: number,
  sampleRateHz: number,
  count: number,
): EmptyWav {
  // 64-bit samples want an offset that 8 divides: a JUNK chunk of 4 bytes moves the data from 44 to 56.
  const dataOffset = bits === 64 ? 56 : 44;
  const bytes = new Uint8Array(dataOffset + (count * bits) / 8);
  writeHeader(bytes, code, bits, channels, sampleRateHz, dataOffset - 8);
  return { bytes, view: new DataView(bytes.buffer), dataOffset };
}

function writeHeader(
  bytes: Uint8Array,
  code: number,
  bits: number,
  channels: number,
  sampleRateHz: number,
  dataChunk: number,
): void {
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => {
    for (let i = 0; i < 4; i++) view.setUint8(at + i, value.charCodeAt(i));
  };
  const blockBytes = (channels * bits) / 8;
  text(0, 'RIFF');
  view.setUint32(4, bytes.length - 8, true);
  text(8, 'WAVE');
  text(12, 'fmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, code, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, sampleRateHz * blockBytes, true);
  view.setUint16(32, blockBytes, true);
  view.setUint16(34, bits, true);
  if (dataChunk > 36) {
    text(36, 'JUNK');
    view.setUint32(40, dataChunk - 44, true);
  }
  text(dataChunk, 'data');
  view.setUint32(dataChunk + 4, bytes.length - dataChunk - 8, true);
}

/**
 * node-wav divides positive integers by 2^(bits − 1) − 1 (and takes the most negative one of 24 bits for positive). Its
 * float32 quotient is within half a step of the right one, so that the product below rounds to just that.
 */
function restoreScale(samples: Float32Array, { encoding, bits }: WavContainer): void {
  if (encoding === 'float' || bits === 32) return;
  const scale = 2 ** ((encoding === 'pcm' ? bits : 16) - 1);
  if (bits === 24) {
    for (let i = 0; i < samples.length; i++) if (samples[i] > 1) samples[i] = -1;
  }
  // x > 0 is multiplied by (scale − 1) / scale and x < 0 by 1, without a branch that sound would mispredict.
  const odd = (scale - 0.5) / scale;
  const even = -0.5 / scale;
  for (let i = 0; i < samples.length; i++) samples[i] = samples[i] * odd + Math.abs(samples[i]) * even;
}

/** The mean of channels of one length, as a new array. */
export function averageChannels(columns: readonly Float32Array[]): Float32Array {
  const mono = new Float32Array(columns[0].length);
  const count = columns.length;
  for (let i = 0; i < mono.length; i++) {
    let sum = 0;
    for (let c = 0; c < count; c++) sum += columns[c][i];
    mono[i] = sum / count;
  }
  return mono;
}

function notFinite(action: string, value: number, at: number): AudioFormatError {
  return new AudioFormatError(
    'audio-not-finite',
    `Cannot ${action}: expected finite samples, got ${value} at sample ${at}`,
    {
      value,
    },
  );
}
