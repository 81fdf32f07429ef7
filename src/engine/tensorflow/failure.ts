import { EngineError, HearkenError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';
import type { TensorFlow } from './tensorflow.js';

/** What an op of the backend threw, as an error of ours; our own errors stay as they are. */
export function engineFailure(tf: TensorFlow, graph: Graph, error: unknown): HearkenError {
  if (error instanceof HearkenError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new EngineError(
    'tensorflow-failed',
    `Cannot run ${graph.name} on the TensorFlow.js backend ${tf.getBackend()}: ${reason}`,
    { value: graph.name, cause: error },
  );
}
