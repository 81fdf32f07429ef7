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

/** What a family says of one network; `build` gets labels and input with their defaults filled in. */
export interface EntryParts extends Pick<ModelEntry, 'name' | 'family' | 'source' | 'parameters'> {
  readonly size?: ModelEntry['size'];
  readonly twin?: string;
  readonly input?: Shape;
  readonly labels?: number;
  build(options: Required<BuildOptions>): Graph;
}

/** An entry for images as its paper has them: 224 × 224 and 1000 classes unless said. */
export function imageEntry(parts: EntryParts): ModelEntry {
  return entryOf('image', IMAGE_INPUT, IMAGE_LABELS, parts);
}

/** An entry for whole clips of speech, 98 frames of 40 bands and 12 labels unless said. */
export function speechEntry(parts: EntryParts): ModelEntry {
  return entryOf('speech', SPEECH_INPUT, SPEECH_LABELS, parts);
}

function entryOf(
  domain: ModelEntry['domain'],
  usualInput: Shape,
  usualLabels: number,
  { input: ownInput = usualInput, labels: ownLabels = usualLabels, build, ...parts }: EntryParts,
): ModelEntry {
  return {
    ...parts,
    domain,
    input: ownInput,
    labels: ownLabels,
    streamable: false,
    build: ({ labels = ownLabels, input = ownInput } = {}) => build({ labels, input }),
  };
}
