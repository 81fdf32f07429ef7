/** `@tensorflow/tfjs-node` for tests: where HEARKEN_TFJS names its folder, or where it is installed beside the project. */
import { importTensorflow } from '../../src/engine/tensorflow/load-tensorflow.js';
import type { TensorFlow } from '../../src/engine/tensorflow/tensorflow.js';

/** Its namespace, or undefined where it is not installed; what HEARKEN_TFJS names has to be there. */
export async function importNative(): Promise<TensorFlow | undefined> {
  try {
    return await importTensorflow([process.env.HEARKEN_TFJS || '@tensorflow/tfjs-node']);
  } catch (error) {
    if ((error as { code?: string }).code === 'tensorflow-missing' && !process.env.HEARKEN_TFJS)
      return undefined;
    throw error;
  }
}
