/** A FLAC file with nothing compressed: 16 bits, 22050 Hz, mono, one verbatim frame. Source: RFC 9639. */
export function verbatimFlac(samples: readonly number[]): Uint8Array {
  const info = new Bits();
  info.put(0x664c6143, 32); // 'fLaC'
  info.put(0x80, 8).put(34, 24); // the last metadata block: STREAMINFO
  info.put(samples.length, 16).put(samples.length, 16).put(0, 24).put(0, 24);
  info.put(22050, 20).put(0, 3).put(15, 5).put(0, 4).put(samples.length, 32);
  for (let i = 0; i < 4; i++) info.put(0, 32); // MD5 unknown

  const frame = new Bits();
  frame.put(0x3ffe, 14).put(0, 2); // sync code, fixed block size
  frame.put(7, 4).put(6, 4); // 16-bit block size at the end of the header, 22.05 kHz
  frame.put(0, 4).put(4, 3).put(0, 1).put(0, 8); // mono, 16 bits, frame 0
  frame.put(samples.length - 1, 16);
  frame.put(crc(frame.bytes, 8, 0x07), 8);
  frame.put(0, 1).put(1, 6).put(0, 1); // a verbatim subframe
  for (const sample of samples) frame.put(sample & 0xffff, 16);
  frame.put(crc(frame.bytes, 16, 0x8005), 16);
  return Uint8Array.from([...info.bytes, ...frame.bytes]);
}

class Bits {
  readonly bytes: number[] = [];
  #filled = 0;

  put(value: number, count: number): this {
    for (let bit = count - 1; bit >= 0; bit--) {
      if (this.#filled++ % 8 === 0) this.bytes.push(0);
      if (Math.floor(value / 2 ** bit) % 2 === 1) {
        this.bytes[this.bytes.length - 1] |= 0x80 >> ((this.#filled - 1) % 8);
      }
    }
    return this;
  }
}

function crc(bytes: readonly number[], width: 8 | 16, polynomial: number): number {
  let rest = 0;
  for (const byte of bytes) {
    rest ^= byte << (width - 8);
    for (let i = 0; i < 8; i++) {
      rest = (rest << 1) ^ ((rest >> (width - 1)) & 1 ? polynomial : 0);
      rest &= 2 ** width - 1;
    }
  }
  return rest;
}
