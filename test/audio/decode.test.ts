import { describe, expect, it } from 'vitest';
import { type AudioDecoder, decodeAudio } from '../../src/audio/decode.js';
import { writeWav } from '../../src/audio/wav.js';
import { verbatimFlac } from './flac.js';

const audioDecode = await import('audio-decode').then(
  (module) => module.default,
  () => undefined,
);

const bytes = (...values: (number | string)[]) =>
  Uint8Array.from(
    values.flatMap((value) => (typeof value === 'number' ? [value] : [...Buffer.from(value, 'latin1')])),
  );
const FLAC = bytes('fLaC', 0, 0, 0, 34);

/** A decoder that gives what it is told and keeps what it was given. */
function decoderOf(sampleRate: number, ...channelData: Float32Array[]) {
  const seen: Uint8Array[] = [];
  const decoder: AudioDecoder = async (file) => {
    seen.push(file);
    return { channelData, sampleRate };
  };
  return { seen, loadDecoder: async () => decoder };
}

describe('decodeAudio', () => {
  it('reads WAV without any decoder', async () => {
    const loadDecoder = async () => Promise.reject(new Error('asked for a decoder'));
    const clip = await decodeAudio(writeWav(Int16Array.of(1, -2), { sampleRateHz: 8000 }), 'a.wav', {
      loadDecoder,
    });
    expect(clip).toEqual({
      samples: Float32Array.of(1 / 32768, -2 / 32768),
      sampleRateHz: 8000,
      channels: 1,
    });
  });

  it('refuses what is no recording as the WAV reader does', async () => {
    await expect(decodeAudio(bytes('just some text'), 'a.flac')).rejects.toMatchObject({
      name: 'AudioFormatError',
      code: 'wav-container',
      message: 'Cannot read a.flac: expected a RIFF/WAVE file, got a file that starts "just"',
    });
  });

  for (const [format, file] of [
    ['FLAC', FLAC],
    ['Ogg', bytes('OggS', 0, 2)],
    ['MP3', bytes('ID3', 4, 0, 0)],
    ['MP3', bytes(0xff, 0xfb, 0x90, 0x64)],
    ['MP3', bytes(0xff, 0xf3, 0x90, 0x64)],
  ] as const) {
    it(`hands ${format} to the decoder and averages its channels`, async () => {
      const decoder = decoderOf(44100, Float32Array.of(0.5, 1), Float32Array.of(0.25, -1));
      const clip = await decodeAudio(file, 'a', decoder);
      expect(clip).toEqual({ samples: Float32Array.of(0.375, 0), sampleRateHz: 44100, channels: 2 });
      expect(decoder.seen).toEqual([file]);
    });

    it(`names the package to install for ${format}`, async () => {
      const cause = new Error('not there');
      await expect(
        decodeAudio(file, 'a.x', { loadDecoder: () => Promise.reject(cause) }),
      ).rejects.toMatchObject({
        name: 'AudioFormatError',
        code: 'no-audio-decode',
        message: `Cannot read a.x: expected the package audio-decode for ${format} (npm install audio-decode), got none`,
        cause,
      });
    });
  }

  it('says what the decoder found wrong', async () => {
    const decoder: AudioDecoder = () => Promise.reject(new Error('lost sync'));
    await expect(decodeAudio(FLAC, 'a.flac', { loadDecoder: async () => decoder })).rejects.toMatchObject({
      code: 'audio-damaged',
      message: 'Cannot read a.flac: expected FLAC, got lost sync',
    });
  });

  it('refuses no sound, wrong rates and NaN from the decoder', async () => {
    const cases = [
      [decoderOf(16000), 'audio-empty', 'at least one sample of FLAC, got none'],
      [decoderOf(16000, new Float32Array(0)), 'audio-empty', 'at least one sample of FLAC, got none'],
      [decoderOf(0, Float32Array.of(1)), 'audio-sample-rate', '8000 to 192000 Hz, got 0 Hz'],
      [decoderOf(16000, Float32Array.of(0, NaN)), 'audio-not-finite', 'finite samples, got NaN at sample 1'],
    ] as const;
    for (const [decoder, code, message] of cases) {
      await expect(decodeAudio(FLAC, 'a.flac', decoder)).rejects.toMatchObject({
        name: 'AudioFormatError',
        code,
        message: expect.stringContaining(message),
      });
    }
  });

  it('brings 16-bit FLAC to integer / 32768, whichever way the decoder scales', async () => {
    const values = Array.from({ length: 65536 }, (_, i) => i - 32768);
    for (const divisor of [32767, 32768]) {
      const decoder = decoderOf(
        22050,
        Float32Array.from(values, (value) => value / divisor),
      );
      const { samples } = await decodeAudio(verbatimFlac([0]), 'a.flac', decoder);
      expect(samples.every((x, i) => x * 32768 === values[i])).toBe(true);
    }
  });

  it('refuses FLAC that is cut short', async () => {
    const decoder = decoderOf(22050, new Float32Array(99));
    await expect(decodeAudio(verbatimFlac(new Array(100).fill(7)), 'a.flac', decoder)).rejects.toMatchObject({
      name: 'AudioFormatError',
      code: 'audio-truncated',
      message:
        'Cannot read a.flac: expected 100 samples as its header promises, got 99 (the file is cut short)',
    });
  });

  it.skipIf(!audioDecode)('reads FLAC through audio-decode, to the bit', async () => {
    const values = Array.from({ length: 2000 }, (_, i) => Math.round(30000 * Math.sin(i / 9)));
    const clip = await decodeAudio(verbatimFlac(values), 'a.flac');
    expect(clip.sampleRateHz).toBe(22050);
    expect(clip.channels).toBe(1);
    expect(clip.samples).toEqual(Float32Array.from(values, (value) => value / 32768));
  });

  it.skipIf(audioDecode)('asks for audio-decode where it is not installed', async () => {
    await expect(decodeAudio(FLAC, 'a.flac')).rejects.toMatchObject({ code: 'no-audio-decode' });
  });
});
