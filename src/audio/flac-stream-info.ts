/** What the first block of a FLAC file says about its samples. */
export interface FlacStreamInfo {
  readonly bits: number;
  /** Samples of one channel; 0 where the encoder did not know. */
  readonly frames: number;
}

/** Reads STREAMINFO; undefined if the file is shorter. Source: RFC 9639, section 8.2. */
export function readFlacStreamInfo(bytes: Uint8Array): FlacStreamInfo | undefined {
  if (bytes.length < 26) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    bits: ((view.getUint16(20) >> 4) & 31) + 1,
    frames: (view.getUint8(21) & 15) * 2 ** 32 + view.getUint32(22),
  };
}

/**
 * Makes samples `integer / 2^(bits − 1)`, in place, where a decoder divided by one less, as that of audio-decode does. Up to 16
 * bits the two can be told apart; above, they differ by no more than a float32 step.
 */
export function restoreFlacScale(samples: Float32Array, bits: number): void {
  if (bits > 16) return;
  const scale = 2 ** (bits - 1);
  // Near ±1 both readings look like integers; any smaller number tells.
  const witness = samples.find((x) => x !== 0 && Math.abs(x) < 0.99) ?? 0;
  const integer = Math.round(witness * (scale - 1));
  if (Math.abs(witness * (scale - 1) - integer) > Math.abs(integer) * 1.2e-7) return;
  for (let i = 0; i < samples.length; i++) samples[i] = Math.round(samples[i] * (scale - 1)) / scale;
}
