/** Opens a model file for `recognize` and `evaluate`: through the Meyda front end unless told otherwise. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { createMeydaFrontEnd } from '../audio/meyda-front-end.js';
import type { Routing } from '../engine/routed-program.js';
import { readModelFile } from '../formats/files/read-model-file.js';
import type { Model } from '../formats/model.js';
import { createRecognizer, type Recognizer } from '../stream/recognizer.js';

export type FrontEndName = 'meyda' | 'wasm';

/** Meyda's is the definition of the features; the WebAssembly twin is the faster. */
export function addFrontEndOption(command: Command): Command {
  return command.addOption(
    new Option('--front-end <name>', 'what computes features').choices(['meyda', 'wasm']).default('meyda'),
  );
}

/**
 * `routing`: who chooses the resolution of a network that can.
 * @throws ModelFileError if the file cannot be read or is damaged; EngineError where WebAssembly SIMD is missing;
 * ConfigError for a routing that does not fit.
 */
export async function openRecognizer(
  file: string,
  frontEnd: FrontEndName,
  signal: AbortSignal,
  routing: (model: Model) => Routing | undefined = () => undefined,
): Promise<Recognizer> {
  const model = await readModelFile(file, signal);
  return createRecognizer(model, {
    ...(frontEnd === 'meyda' && { frontEnd: createMeydaFrontEnd(model.frontEnd) }),
    routing: routing(model),
  });
}
