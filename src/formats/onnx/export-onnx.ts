/** A model as an ONNX file, for runtimes that are not ours. */
import { featureShape } from '../../audio/front-end.js';
import { exportMetadata } from '../export-metadata.js';
import { checkModel, clipSamples, type Model } from '../model.js';
import { requireFloat } from '../require-float.js';
import { translateGraph } from '../translate-graph.js';
import { ONNX } from './export-graph.js';
import { addFrontEnd } from './front-end-nodes.js';
import { OnnxBuilder } from './onnx-builder.js';
import { CHANNELS_FIRST } from './shape-ops.js';

export interface ExportOnnxOptions {
  /** Takes raw samples instead of features: the front end becomes part of the graph. Default false. */
  readonly withFrontEnd?: boolean;
}

/**
 * The bytes of an ONNX file (opset 17). Input: `features` `[batch, frames, bands, maps]`, what the model's front end gives,
 * or with `withFrontEnd` `samples` `[batch, samples]`, one clip each at 16 kHz in −1 … 1. Outputs: `logits` and `scores`
 * (their softmax), `[batch, labels]`. Labels and front end stand in the file's metadata as JSON, as in a model file.
 * Equal models give equal bytes.
 * @throws ModelFileError if the model is not sound; ConfigError `quantized-model` if it is quantised, `export-op` naming a node
 * whose op cannot be exported.
 */
export function exportOnnx(model: Model, options: ExportOnnxOptions = {}): Uint8Array {
  requireFloat(model, `export model ${model.name}`);
  const checked = checkModel(model, `export model ${model.name}`);
  const { graph, frontEnd, parameters, statistics } = checked;
  const onnx = new OnnxBuilder(['samples', 'features', 'logits', 'scores']);
  const samples = clipSamples(checked);
  const shape = featureShape(frontEnd, samples);
  const features = options.withFrontEnd
    ? addFrontEnd(onnx, onnx.input('samples', ['batch', samples]), frontEnd, shape[0])
    : onnx.node('Transpose', 'channels-first', [onnx.input('features', ['batch', ...shape])], {
        perm: CHANNELS_FIRST,
      });
  const context = { onnx, tensors: { ...parameters, ...statistics } };
  const maps = translateGraph(graph, ONNX, { [graph.inputs[0]]: features }, context);
  const { value } = maps.get(graph.outputs[0])!;
  const dims = ['batch', checked.labels.length];
  const logits = onnx.output('ReduceMean', { name: 'logits', dims }, [value], { axes: [2, 3], keepdims: 0 });
  onnx.output('Softmax', { name: 'scores', dims }, [logits], { axis: 1 });
  return onnx.encode(graph.name, exportMetadata(checked));
}
