/** A model whose answer can be told by hand: the louder a 50 ms clip, the higher the score of `loud`. */
import { DEFAULT_FRONT_END, featureShape } from '../../src/audio/front-end.js';
import type { Model } from '../../src/formats/model.js';
import { GraphBuilder } from '../../src/graph/builder.js';

/** logits: `loud` = slope × (mean of the log-mel map + 13), `_unknown_` = 0. */
export function loudnessModel(labels = ['loud', '_unknown_'], slope = 1): Model {
  const builder = new GraphBuilder('loudness');
  const input = builder.input('features', featureShape(DEFAULT_FRONT_END, 800));
  const mean = builder.globalAvgPool(input);
  const logits = builder.dense(mean, { channels: labels.length, name: 'logits' });
  return {
    name: 'loudness',
    graph: builder.build({ outputs: [logits] }),
    labels,
    frontEnd: DEFAULT_FRONT_END,
    clipMs: 50,
    parameters: {
      'logits/weight': Float32Array.from(labels, (_, i) => (i === 0 ? slope : 0)),
      'logits/bias': Float32Array.from(labels, (_, i) => (i === 0 ? slope * 13 : 0)),
    },
    statistics: {},
  };
}

/** The score of `loud` that the formula above gives for 800 samples, from the log-mel map of the Meyda front end. */
export function loudScore(map: Float32Array, slope = 1): number {
  const mean = map.reduce((sum, value) => sum + value, 0) / map.length;
  return 1 / (1 + Math.exp(-slope * (mean + 13)));
}

/** A 1 kHz tone at 16 kHz. */
export function tone(samples: number, amplitude: number): Float32Array {
  return Float32Array.from({ length: samples }, (_, i) => amplitude * Math.sin((2 * Math.PI * i) / 16));
}
