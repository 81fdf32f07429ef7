import { describe } from 'vitest';
import { exportOnnxGraph } from '../../../src/formats/onnx/export-graph.js';
import { refusesLosses, runExportedOpCases } from '../../support/exported-op-cases.js';
import { runOnnx } from '../../support/onnx-runtime.js';

describe('exportOnnxGraph', () => {
  runExportedOpCases((graph, tensors, inputs) => runOnnx(exportOnnxGraph(graph, tensors), inputs));
  refusesLosses('ONNX', exportOnnxGraph);
});
