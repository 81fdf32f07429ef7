import { describe, expect, it } from 'vitest';
import { Message } from '../../../src/formats/onnx/protobuf.js';

const hex = (message: Message) => Buffer.from(message.encode()).toString('hex');

/** The examples of protobuf.dev/programming-guides/encoding, and −2 of its section on signed integers. */
describe('Message', () => {
  it('writes whole numbers in as few bytes as they need, negative ones in ten', () => {
    expect(hex(new Message().integer(1, 150))).toBe('089601');
    expect(hex(new Message().integer(1, 0).integer(1, 127).integer(1, 128))).toBe('0800087f088001');
    expect(hex(new Message().integer(1, -2))).toBe('08feffffffffffffffff01');
    expect(hex(new Message().integer(1, 2n ** 62n))).toBe('08808080808080808040');
  });

  it('writes texts, bytes and messages with their length in front', () => {
    expect(hex(new Message().text(2, 'testing'))).toBe('120774657374696e67');
    expect(hex(new Message().bytes(2, Uint8Array.of(7, 8)))).toBe('12020708');
    expect(hex(new Message().message(3, new Message().integer(1, 150)))).toBe('1a03089601');
    expect(hex(new Message().message(3, new Message()))).toBe('1a00');
  });

  it('writes floats as four bytes, the lowest first, and fields past 15 with a longer key', () => {
    expect(hex(new Message().float(2, 1))).toBe('150000803f');
    expect(hex(new Message().integer(20, 2))).toBe('a00102');
  });
});
