/** The two telephone codes of 8 bits a sample (ITU-T G.711), as tables of 16-bit samples. */

/** A-law byte → 13-bit sample in the upper bits of 16. Source: ITU-T G.711, table 1. */
export const A_LAW: Readonly<Int16Array> = Int16Array.from({ length: 256 }, (_, byte) => {
  const code = byte ^ 0x55;
  const exponent = (code >> 4) & 7;
  const mantissa = ((code & 15) << 4) + 8;
  const size = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return code & 0x80 ? size : -size;
});

/** µ-law byte → 14-bit sample in the upper bits of 16. Source: ITU-T G.711, table 2. */
export const MU_LAW: Readonly<Int16Array> = Int16Array.from({ length: 256 }, (_, byte) => {
  const code = byte ^ 0xff;
  const size = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84;
  return code & 0x80 ? -size : size;
});
