/** The part of the optional peer `audio-decode` (3.x) that decode.ts uses; declared here so that types need no install. */
declare module 'audio-decode' {
  export default function decode(
    bytes: Uint8Array,
  ): Promise<{ channelData: Float32Array[]; sampleRate: number }>;
}
