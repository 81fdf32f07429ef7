/** What the speaking workers are told and answer. */

export interface SpeechWorkerData {
  /** The file of Flite's WebAssembly; absent where only eSpeak NG speaks. */
  readonly flitePath?: string;
  /** The `file:` address of eSpeak NG's module; absent where only Flite speaks. */
  readonly espeakUrl?: string;
  /** A folder for files that live for one utterance. */
  readonly folder: string;
}

export interface SpeechRequest {
  readonly engine: 'flite' | 'espeak';
  readonly voice: string;
  readonly text: string;
  /** Duration over the voice's own. */
  readonly stretch: number;
  /** Mean pitch, for Flite. */
  readonly pitchHz: number;
  /** The same over the voice's own, for eSpeak NG, whose pitch has no unit. */
  readonly pitchRatio: number;
}

/** One of the three. */
export interface SpeechAnswer {
  readonly wav?: Uint8Array<ArrayBuffer>;
  readonly pcm?: { readonly samples: Int16Array; readonly sampleRateHz: number };
  readonly error?: string;
}
