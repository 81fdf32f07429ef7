/** A model as a TensorFlow.js GraphModel. */
import { featureShape } from '../../audio/front-end.js';
import { exportMetadata } from '../export-metadata.js';
import { checkModel, clipSamples, type Model } from '../model.js';
import { requireFloat } from '../require-float.js';
import { translateGraph } from '../translate-graph.js';
import { TFJS } from './export-graph.js';
import { TfjsBuilder, type TfjsFiles } from './tfjs-builder.js';

export type { TfjsFiles } from './tfjs-builder.js';

/**
 * The files of a GraphModel, for `tf.loadGraphModel` of TensorFlow.js 4. Input: `features` `[batch, frames, bands, maps]`,
 * what the model's front end gives. Outputs: `logits` and `scores` (their softmax), `[batch, labels]`. Labels and front end
 * stand under `userDefinedMetadata.hearken` as JSON texts, as in a model file. Equal models give equal bytes.
 * @throws ModelFileError if the model is not sound; ConfigError `quantized-model` if it is quantised, `export-op` naming a node
 * whose op cannot be exported.
 */
export function exportTfjs(model: Model): TfjsFiles {
  requireFloat(model, `export model ${model.name}`);
  const checked = checkModel(model, `export model ${model.name}`);
  const { graph, frontEnd, labels, parameters, statistics } = checked;
  const tfjs = new TfjsBuilder(['features', 'logits', 'scores']);
  const features = tfjs.input('features', featureShape(frontEnd, clipSamples(checked)));
  const context = { tfjs, tensors: { ...parameters, ...statistics } };
  const maps = translateGraph(graph, TFJS, { [graph.inputs[0]]: features }, context);
  const { value } = maps.get(graph.outputs[0])!;
  const axes = tfjs.integers('positions', [1, 2]);
  const logits = tfjs.output('Mean', 'logits', [labels.length], [value, axes], { keep_dims: false });
  tfjs.output('Softmax', 'scores', [labels.length], [logits]);
  return tfjs.encode({ hearken: exportMetadata(checked) });
}
