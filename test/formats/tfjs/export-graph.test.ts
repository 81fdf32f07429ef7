import { describe } from 'vitest';
import { exportTfjsGraph } from '../../../src/formats/tfjs/export-graph.js';
import { refusesLosses, runExportedOpCases } from '../../support/exported-op-cases.js';
import { runGraphModel } from '../../support/tfjs-graph-model.js';

describe('exportTfjsGraph', () => {
  runExportedOpCases((graph, tensors, inputs) => runGraphModel(exportTfjsGraph(graph, tensors), inputs));
  refusesLosses('TensorFlow.js', exportTfjsGraph);
});
