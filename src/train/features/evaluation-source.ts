/** The features of a split as it is: no augmentation, no made silence, in the order of the data set. */
import { DEFAULT_FRONT_END, type FrontEndConfig } from '../../audio/front-end.js';
import { ShapeError } from '../../errors.js';
import { sizeOf } from '../../graph/graph.js';
import type { EvaluationSource } from '../batches.js';
import type { ClipStore } from '../clip-store.js';
import type { Clip } from '../data-set.js';
import { startFrontEnd } from './make-batches.js';
import { readSamples } from './stored-clips.js';

export interface EvaluationSourceOptions {
  readonly clips: readonly Clip[];
  /** Holds every one of the clips. */
  readonly store: ClipStore;
  readonly frontEnd?: FrontEndConfig;
  /** Default `wasm`. */
  readonly frontEndImplementation?: 'wasm' | 'meyda';
  /** Features kept from one reading to the next, so that later epochs need not compute them. Default 64 MiB. */
  readonly cacheBytes?: number;
}

/**
 * A split to be scored: each clip of `store.clipSamples` samples, zeros at the end of shorter ones, the crop around their energy
 * of longer ones.
 * @throws ConfigError for a clip that is not stored.
 */
export async function createEvaluationSource(options: EvaluationSourceOptions): Promise<EvaluationSource> {
  const { clips, store, cacheBytes = 64 << 20 } = options;
  const frontEnd = await startFrontEnd(
    options.frontEnd ?? DEFAULT_FRONT_END,
    options.frontEndImplementation ?? 'wasm',
  );
  const shape = frontEnd.shape(store.clipSamples);
  const size = sizeOf(shape);
  const storedAt = Int32Array.from(clips, ({ file }) => store.indexOf(file));
  const samples = new Float32Array(store.clipSamples);
  // The first clips are kept: a split is read from its start each time.
  let cached = new Float32Array(Math.min(clips.length, Math.floor(cacheBytes / (4 * size))) * size);
  let known = 0;

  function compute(clip: number, out: Float32Array): void {
    readSamples(store, storedAt[clip], store.clips[storedAt[clip]].cropStart, samples);
    frontEnd.compute(samples, out);
  }

  return {
    featureShape: shape,
    clips: clips.length,
    async read(start, count, features) {
      checkRange(start, count, clips.length, features.length / size);
      for (let i = 0; i < count; i++) {
        const clip = start + i;
        const out = features.subarray(i * size, (i + 1) * size);
        if (clip < known) out.set(cached.subarray(clip * size, (clip + 1) * size));
        else compute(clip, out);
        if (clip === known && (clip + 1) * size <= cached.length) {
          cached.set(out, clip * size);
          known++;
        }
      }
      return Int32Array.from({ length: count }, (_, i) => clips[start + i].label);
    },
    dispose() {
      cached = new Float32Array();
      known = 0;
    },
  };
}

function checkRange(start: number, count: number, clips: number, room: number): void {
  if (start >= 0 && count >= 0 && start + count <= clips && count <= room) return;
  throw new ShapeError(
    'evaluation-range',
    `Cannot read clips: expected a range within ${clips} clips and room for it, got ${count} from ${start} and room for ${Math.floor(room)}`,
    { value: [start, count] },
  );
}
