/** What a row of the registry is; every family file exports a list of these. */
import type { Graph, Shape } from '../graph/graph.js';

/** One second of 40 log-mel bands at a 10 ms hop: 98 frames, one map. */
export const SPEECH_INPUT: Shape = [98, 40, 1];
/** Labels that the stated counts of speech networks are for: ten words, unknown, silence. */
export const SPEECH_LABELS = 12;
/** A 224 × 224 colour image, rows in the place of time. */
export const IMAGE_INPUT: Shape = [224, 224, 3];
export const IMAGE_LABELS = 1000;

export interface BuildOptions {
  /** Classes of the last layer; default the entry's `labels`. */
  readonly labels?: number;
  /** `[time, frequency, maps]`; default the entry's `input`. */
  readonly input?: Shape;
}

/** A network that can be built by name. */
export interface ModelEntry {
  readonly name: string;
  readonly family: string;
  /** What it is for: keyword spotting, or the images of its paper. */
  readonly domain: 'speech' | 'image';
  readonly size?: 'tiny' | 'small' | 'base';
  /** Default input map, `[time, frequency, maps]`. */
  readonly input: Shape;
  /** Default number of labels, the one that `parameters` is stated for. */
  readonly labels: number;
  /** The single-branch or plain network of equal depth that this one is measured against. */
  readonly twin?: string;
  /** Neither pads nor pools over time, so that it runs along a stream one frame at a time. */
  readonly streamable: boolean;
  /** Paper and, where there is one, reference code. */
  readonly source: string;
  /** Parameters at the default input and labels; a test counts them. */
  readonly parameters: number;
  /** A graph with one input `features` and one output `logits` (no softmax, no loss). */
  build(options?: BuildOptions): Graph;
}
