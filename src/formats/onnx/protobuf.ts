/**
 * Protocol Buffers, as much as it takes to write an ONNX file: numbers of variable length, 32-bit floats and what has a
 * length in front. Source: protobuf.dev/programming-guides/encoding.
 */

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** A message that grows field by field, in the order of the calls. */
export class Message {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  /** A whole number (int32, int64 or enum); negative ones take ten bytes, as two's complement of 64 bits. */
  integer(field: number, value: number | bigint): this {
    return this.#key(field, VARINT).#put(varint(BigInt(value)));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#key(field, FIXED_32).#put(bytes);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** `value` is kept, not copied, until `encode`. */
  bytes(field: number, value: Uint8Array): this {
    return this.#key(field, LENGTH_DELIMITED)
      .#put(varint(BigInt(value.length)))
      .#put(value);
  }

  message(field: number, value: Message): this {
    this.#key(field, LENGTH_DELIMITED).#put(varint(BigInt(value.#size)));
    for (const part of value.#parts) this.#put(part);
    return this;
  }

  /** The bytes of all fields so far. */
  encode(): Uint8Array {
    const bytes = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #key(field: number, wireType: number): this {
    return this.#put(varint(BigInt(field * 8 + wireType)));
  }

  #put(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#size += bytes.length;
    return this;
  }
}

/** Seven bits a byte, the lowest first; the top bit says that more follow. */
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
