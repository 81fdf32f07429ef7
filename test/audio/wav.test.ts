import { describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { readWav, writeWav } from '../../src/audio/wav.js';
import { Random } from '../../src/numerics/random.js';
import { expectAllClose } from '../support/all-close.js';

type Channels = readonly (readonly number[])[];

/** A file made by the wavefile package. */
function madeByWavefile(bitDepth: string, channels: Channels, sampleRateHz = 16000, container = 'RIFF') {
  const wav = new wavefile.WaveFile();
  const options = { container } as unknown as undefined;
  const samples = (channels.length === 1 ? channels[0] : channels) as number[];
  wav.fromScratch(channels.length, sampleRateHz, bitDepth, samples, options);
  return wav;
}

/** Integers of so many bits, the ends of the range first. */
function integers(bits: number, count: number): number[] {
  const random = new Random(bits);
  const top = 2 ** (bits - 1);
  const ends = [-top, 1 - top, -1, 0, 1, top - 2, top - 1];
  return [...ends, ...Array.from({ length: count }, () => Math.floor(random.between(-top, top)))];
}

describe('readWav', () => {
  for (const bits of [8, 16, 24, 32]) {
    it(`reads ${bits}-bit PCM as integer / 2^${bits - 1}, exactly`, () => {
      const values = integers(bits, 500);
      const stored = bits === 8 ? values.map((value) => value + 128) : values;
      const clip = readWav(madeByWavefile(String(bits), [stored], 22050).toBuffer());
      expect(clip.sampleRateHz).toBe(22050);
      expect(clip.channels).toBe(1);
      expect(clip.samples).toEqual(Float32Array.from(values, (value) => value / 2 ** (bits - 1)));
    });
  }

  it('reads every value of 16-bit PCM exactly', () => {
    const values = Array.from({ length: 65536 }, (_, i) => i - 32768);
    const { samples } = readWav(madeByWavefile('16', [values]).toBuffer());
    expect(samples.every((x, i) => x * 32768 === values[i])).toBe(true);
  });

  for (const bits of ['32f', '64']) {
    it(`reads float samples as they are: ${bits}`, () => {
      const random = new Random(3);
      const values = [0, -1, 1, 1.5, -3, 1e-30, ...Array.from({ length: 99 }, () => random.between(-1, 1))];
      const { samples } = readWav(madeByWavefile(bits, [values]).toBuffer());
      expect(samples).toEqual(Float32Array.from(values));
    });
  }

  for (const law of ['a-law', 'mu-law'] as const) {
    it(`expands ${law} as the wavefile package does, all 256 codes`, () => {
      const codes = Array.from({ length: 256 }, (_, i) => i);
      const wav = madeByWavefile(law === 'a-law' ? '8a' : '8m', [codes]);
      const { samples } = readWav(wav.toBuffer());
      if (law === 'a-law') wav.fromALaw('16');
      else wav.fromMuLaw('16');
      const expected = Array.from(wav.getSamples(false), (value) => value / 32768);
      expect(Array.from(samples, (x) => x + 0)).toEqual(expected.map((x) => x + 0));
    });
  }

  for (const bits of [8, 16, 24, 32]) {
    it(`averages two channels and three: ${bits} bits`, () => {
      const a = integers(bits, 50);
      const columns = [a, a.toReversed(), a.map((value) => -Math.trunc(value / 3))];
      const stored = columns.map((column) => column.map((value) => (bits === 8 ? value + 128 : value)));
      for (const count of [2, 3]) {
        const clip = readWav(madeByWavefile(String(bits), stored.slice(0, count)).toBuffer());
        const mean = a.map((_, i) => columns.slice(0, count).reduce((sum, c) => sum + c[i], 0) / count);
        expect(clip.channels).toBe(count);
        expectAllClose(
          clip.samples,
          mean.map((value) => value / 2 ** (bits - 1)),
          { absolute: 6e-8 },
        );
      }
    });
  }
});

describe('readWav on containers', () => {
  const values = [1, -2, 3, -32768, 32767, 0, 77];
  const expected = Float32Array.from(values, (value) => value / 32768);

  function chunk(id: string, body: Uint8Array, pad = true): Uint8Array {
    const bytes = new Uint8Array(8 + body.length + (pad ? body.length % 2 : 0));
    bytes.set([...id].map((character) => character.charCodeAt(0)));
    new DataView(bytes.buffer).setUint32(4, body.length, true);
    bytes.set(body, 8);
    return bytes;
  }

  function riff(...chunks: Uint8Array[]): Uint8Array {
    const size = chunks.reduce((sum, part) => sum + part.length, 12);
    const bytes = new Uint8Array(size);
    bytes.set(chunk('RIFF', new Uint8Array([0x57, 0x41, 0x56, 0x45])));
    new DataView(bytes.buffer).setUint32(4, size - 8, true);
    let at = 12;
    for (const part of chunks) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  function format(code: number, bits: number, sampleRateHz = 16000, channels = 1, tail: number[] = []) {
    const view = new DataView(new ArrayBuffer(16 + tail.length));
    view.setUint16(0, code, true);
    view.setUint16(2, channels, true);
    view.setUint32(4, sampleRateHz, true);
    view.setUint32(8, (sampleRateHz * channels * bits) / 8, true);
    view.setUint16(12, (channels * bits) / 8, true);
    view.setUint16(14, bits, true);
    tail.forEach((byte, i) => void view.setUint8(16 + i, byte));
    return chunk('fmt ', new Uint8Array(view.buffer));
  }

  const data = chunk('data', new Uint8Array(Int16Array.from(values).buffer));
  const GUID_TAIL = [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];
  const extension = (code: number, bits: number) => [22, 0, bits, 0, 4, 0, 0, 0, code, 0, ...GUID_TAIL];
  const text = (length: number) => new Uint8Array(length).fill(0x61);

  const good: Readonly<Record<string, Uint8Array>> = {
    'a plain header': riff(format(1, 16), data),
    'an extensible header': riff(format(0xfffe, 16, 16000, 1, extension(1, 16)), data),
    'a format chunk of 18 bytes': riff(format(1, 16, 16000, 1, [0, 0]), data),
    'LIST before data': riff(format(1, 16), chunk('LIST', text(20)), data),
    'LIST of odd length, padded': riff(format(1, 16), chunk('LIST', text(21)), data),
    'LIST of odd length, not padded': riff(format(1, 16), chunk('LIST', text(21), false), data),
    'chunks after the data': riff(format(1, 16), data, chunk('LIST', text(9))),
    'chunks before the format': riff(chunk('JUNK', text(28)), format(1, 16), chunk('fact', text(4)), data),
    'data before the format': riff(data, format(1, 16)),
  };
  for (const [title, bytes] of Object.entries(good)) {
    it(`reads ${title}, aligned or not`, () => {
      for (const offset of [0, 1, 2, 3, 8, 4096, 40_000]) {
        // Of even length, so that an even offset leaves the samples aligned in their buffer.
        const moved = new Uint8Array(2 * Math.ceil((bytes.length + offset) / 2));
        moved.set(bytes, offset);
        const { samples } = readWav(moved.subarray(offset, offset + bytes.length));
        expect(samples, `offset ${offset}`).toEqual(expected);
      }
    });
  }

  it('reads extensible float and multichannel headers', () => {
    const floats = chunk('data', new Uint8Array(Float32Array.from([0.5, 0.25, -1, 0]).buffer));
    const clip = readWav(riff(format(0xfffe, 32, 48000, 2, extension(3, 32)), floats));
    expect(clip).toEqual({ samples: Float32Array.from([0.375, -0.5]), sampleRateHz: 48000, channels: 2 });
  });

  it('leaves out a last block that is not whole, and the file as it was', () => {
    const bytes = riff(
      format(1, 16),
      chunk('data', new Uint8Array(Int16Array.from(values).buffer).subarray(0, 13)),
    );
    const copy = bytes.slice();
    expect(readWav(bytes).samples).toEqual(expected.slice(0, 6));
    expect(bytes).toEqual(copy);
  });

  it('gives samples that do not share memory with the file', () => {
    const bytes = riff(format(3, 32), chunk('data', new Uint8Array(Float32Array.from([0.5, 0.25]).buffer)));
    const { samples } = readWav(bytes);
    bytes.fill(0);
    expect(samples).toEqual(Float32Array.from([0.5, 0.25]));
  });

  it('accepts 8 and 192 kHz', () => {
    for (const rate of [8000, 192000])
      expect(readWav(riff(format(1, 16, rate), data)).sampleRateHz).toBe(rate);
  });

  const withSize = (size: number) => {
    const bytes = new Uint8Array(1000);
    bytes.set(riff(format(1, 16), data));
    new DataView(bytes.buffer).setUint32(40, size, true);
    return bytes;
  };
  const ascii = (words: string) => new TextEncoder().encode(words);
  const floats = (...samples: number[]) =>
    riff(format(3, 32), chunk('data', new Uint8Array(Float32Array.from(samples).buffer)));
  const brokenBlocks = riff(format(1, 16), data);
  new DataView(brokenBlocks.buffer).setUint16(32, 3, true);
  const bad: readonly (readonly [string, Uint8Array, string, string])[] = [
    ['a text file', ascii('hello, I am no recording'), 'wav-container', 'a file that starts "hell"'],
    ['an empty file', new Uint8Array(0), 'wav-container', 'expected a RIFF/WAVE file, got 0 bytes'],
    ['half a header', riff(format(1, 16), data).subarray(0, 30), 'wav-truncated', '16 bytes of format'],
    [
      'RIFX',
      madeByWavefile('16', [values], 16000, 'RIFX').toBuffer(),
      'wav-container',
      'got RIFX (big-endian',
    ],
    [
      'RF64',
      madeByWavefile('16', [values], 16000, 'RF64').toBuffer(),
      'wav-container',
      'got RF64 (64-bit WAV)',
    ],
    ['an AVI file', ascii('RIFF\0\0\0\0AVI LIST'), 'wav-container', 'got RIFF of type "AVI "'],
    ['FLAC', ascii('fLaC\0\0\0\x22 and more'), 'wav-container', 'got FLAC'],
    ['no format', riff(data), 'wav-container', 'expected a "fmt " chunk, got none'],
    ['no data', riff(format(1, 16)), 'wav-container', 'expected a "data" chunk, got none'],
    ['truncated data', withSize(2000), 'wav-truncated', '2000 bytes of data as its header promises, got 956'],
    ['3 GB in a header of 1 kB', withSize(3e9), 'wav-truncated', '3000000000 bytes of data as its header'],
    ['no sample', riff(format(1, 16), chunk('data', new Uint8Array(0))), 'wav-empty', 'at least one sample'],
    [
      'half a sample',
      riff(format(1, 16), chunk('data', text(1))),
      'wav-empty',
      'at least one sample, got none',
    ],
    ['a rate of 0', riff(format(1, 16, 0), data), 'wav-sample-rate', '8000 to 192000 Hz, got 0 Hz'],
    ['a rate of 1 MHz', riff(format(1, 16, 1e6), data), 'wav-sample-rate', 'got 1000000 Hz'],
    ['no channel', riff(format(1, 16, 16000, 0), data), 'wav-format', '1 to 64 channels, got 0'],
    ['500 channels', riff(format(1, 16, 16000, 500), data), 'wav-format', '1 to 64 channels, got 500'],
    [
      'ADPCM',
      riff(format(2, 4), data),
      'wav-format',
      'PCM, float, A-law or µ-law samples, got format code 2',
    ],
    ['12 bits', riff(format(1, 12), data), 'wav-format', 'pcm samples of 8, 16, 24, 32 bits, got 12 bits'],
    ['blocks that do not fit', brokenBlocks, 'wav-format', 'blocks of 2 bytes (1 × 16 bits), got 3'],
    ['a short format', riff(chunk('fmt ', text(10)), data), 'wav-format', 'of at least 16 bytes, got 10'],
    ['a cut extension', riff(format(0xfffe, 16), data), 'wav-format', 'expected a known sub-format'],
    [
      'an unknown sub-format',
      riff(format(0xfffe, 16, 16000, 1, extension(1, 16).toReversed()), data),
      'wav-format',
      'expected a known sub-format',
    ],
    ['NaN', floats(0, NaN), 'audio-not-finite', 'finite samples, got NaN at sample 1'],
    ['Infinity', floats(0, 0, -Infinity), 'audio-not-finite', 'finite samples, got -Infinity at sample 2'],
  ];
  for (const [title, bytes, code, message] of bad) {
    it(`refuses ${title}`, () => {
      const read = () => readWav(bytes, 'yes/1.wav');
      expect(read).toThrow(expect.objectContaining({ name: 'AudioFormatError', code }));
      expect(read).toThrow(/^Cannot read yes\/1\.wav: expected /);
      expect(read).toThrow(message);
    });
  }
});

describe('writeWav', () => {
  it('writes a file that the wavefile package reads', () => {
    const wav = new wavefile.WaveFile(
      writeWav(Float32Array.from([0, 0.5, -1, 1, 2, -2]), { sampleRateHz: 8000 }),
    );
    expect(Array.from(wav.getSamples(false))).toEqual([0, 16384, -32768, 32767, 32767, -32768]);
    expect(wav.bitDepth).toBe('16');
    expect((wav.fmt as { sampleRate: number }).sampleRate).toBe(8000);
  });

  it('gives every 16-bit sample back', () => {
    const values = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
    const fromIntegers = writeWav(values, { sampleRateHz: 16000 });
    const { samples } = readWav(fromIntegers);
    expect(samples.every((x, i) => x * 32768 === values[i])).toBe(true);
    expect(Buffer.compare(writeWav(samples, { sampleRateHz: 16000 }), fromIntegers)).toBe(0);
  });

  it('refuses samples that are no numbers', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      expect(() => writeWav(Float32Array.from([0, bad]), { sampleRateHz: 16000 })).toThrow(
        expect.objectContaining({
          name: 'AudioFormatError',
          code: 'audio-not-finite',
          message: `Cannot write the WAV file: expected finite samples, got ${bad} at sample 1`,
        }),
      );
    }
  });
});
