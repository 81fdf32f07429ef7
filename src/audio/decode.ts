/** Recordings of any format we read: WAV by ourselves; FLAC, MP3 and Ogg by the optional package `audio-decode`. */
import { AudioFormatError } from '../errors.js';
import { readFlacStreamInfo, restoreFlacScale } from './flac-stream-info.js';
import { HIGHEST_SAMPLE_RATE_HZ, LOWEST_SAMPLE_RATE_HZ } from './sample-rate.js';
import { type AudioClip, averageChannels, readWav } from './wav.js';
import { checkFinite, wavFault } from './wav-container.js';

/** Gives the channels of a compressed recording; `audio-decode` is one. */
export type AudioDecoder = (
  bytes: Uint8Array,
) => Promise<{ channelData: readonly Float32Array[]; sampleRate: number }>;

export interface DecodeOptions {
  /** Where the decoder for FLAC, MP3 and Ogg comes from; default: the package `audio-decode`. */
  readonly loadDecoder?: () => Promise<AudioDecoder>;
}

/**
 * The clip in a WAV, FLAC, MP3 or Ogg file, told apart by content. `name` stands in messages.
 * @throws AudioFormatError if it is none of these, is damaged, or `audio-decode` is needed and not installed.
 */
export async function decodeAudio(
  bytes: Uint8Array,
  name = 'the recording',
  { loadDecoder = loadAudioDecode }: DecodeOptions = {},
): Promise<AudioClip> {
  const format = compressedFormat(bytes);
  if (format === undefined) return readWav(bytes, name);
  const decode = await loadDecoder().catch((cause: unknown) => {
    throw new AudioFormatError(
      'no-audio-decode',
      `Cannot read ${name}: expected the package audio-decode for ${format} (npm install audio-decode), got none`,
      { value: format, cause },
    );
  });
  const decoded = await decode(bytes).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AudioFormatError('audio-damaged', `Cannot read ${name}: expected ${format}, got ${reason}`, {
      cause,
    });
  });
  if (format === 'FLAC') checkFlac(bytes, decoded.channelData, name);
  return mono(decoded, format, name);
}

async function loadAudioDecode(): Promise<AudioDecoder> {
  return (await import('audio-decode')).default;
}

/** The decoder gives what it could read of a file that is cut short: its first block knows better. */
function checkFlac(bytes: Uint8Array, channels: readonly Float32Array[], name: string): void {
  const info = readFlacStreamInfo(bytes);
  const frames = channels[0]?.length ?? 0;
  if (!info || frames === 0) return;
  if (frames < info.frames) {
    const wanted = `${info.frames} samples as its header promises`;
    throw wavFault('audio-truncated', name, wanted, `${frames} (the file is cut short)`, frames);
  }
  for (const samples of channels) restoreFlacScale(samples, info.bits);
}

function mono(decoded: Awaited<ReturnType<AudioDecoder>>, format: string, name: string): AudioClip {
  const { channelData, sampleRate } = decoded;
  const samples = channelData[0];
  if (!samples?.length) throw wavFault('audio-empty', name, `at least one sample of ${format}`, 'none');
  if (!(sampleRate >= LOWEST_SAMPLE_RATE_HZ && sampleRate <= HIGHEST_SAMPLE_RATE_HZ)) {
    const wanted = `a sample rate of ${LOWEST_SAMPLE_RATE_HZ} to ${HIGHEST_SAMPLE_RATE_HZ} Hz`;
    throw wavFault('audio-sample-rate', name, wanted, `${sampleRate} Hz`, sampleRate);
  }
  const mixed = channelData.length === 1 ? samples : averageChannels(channelData);
  checkFinite(mixed, name);
  return { samples: mixed, sampleRateHz: sampleRate, channels: channelData.length };
}

/** The name of a format that `audio-decode` is for, by the first bytes. */
function compressedFormat(bytes: Uint8Array): string | undefined {
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic === 'fLaC') return 'FLAC';
  if (magic === 'OggS') return 'Ogg';
  // An ID3 tag, or the 11 ones that start a frame of layer III.
  if (magic.startsWith('ID3')) return 'MP3';
  const isFrame = bytes[0] === 0xff && (bytes[1] & 0xe6) === 0xe2;
  return isFrame ? 'MP3' : undefined;
}
