declare module 'node-wav' {
  export interface DecodedWav {
    sampleRate: number;
    /** One array a channel. */
    channelData: Float32Array[];
  }
  const nodeWav: { decode(bytes: Uint8Array): DecodedWav };
  export default nodeWav;
}
