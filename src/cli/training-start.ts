/** What a training run starts from: a network's name, a front end, and maybe trained models. */
import { sameFrontEnd } from '../audio/check-front-end.js';
import { DEFAULT_FRONT_END, type FrontEndConfig } from '../audio/front-end.js';
import { ConfigError } from '../errors.js';
import { readModelFile } from '../formats/files/read-model-file.js';
import type { Model } from '../formats/model.js';
import { modelEntry } from '../models/models.js';
import { DEFAULT_MODEL, type TrainOptions } from './train-options.js';

export interface Start {
  /** Of the registry. */
  readonly name: string;
  readonly frontEnd: FrontEndConfig;
  readonly clipMs: number;
  readonly init?: Model;
  readonly teacher?: Model;
}

/** Two frames to either side: the usual regression window of Δ features. */
const DELTA_REACH_FRAMES = 2;

/**
 * Reads the model files that the flags name and settles network, front end and clip length. A model to start from
 * gives all three unless a flag says otherwise.
 * @throws ConfigError for an unknown network or a teacher that hears otherwise; ModelFileError
 */
export async function prepareStart(options: TrainOptions, signal: AbortSignal): Promise<Start> {
  const init = options.init === undefined ? undefined : await readModelFile(options.init, signal);
  const teacher = options.teacher === undefined ? undefined : await readModelFile(options.teacher, signal);
  const name = options.model ?? init?.name ?? DEFAULT_MODEL;
  const frontEnd = init?.frontEnd ?? frontEndFor(name);
  const clipMs = options.clipMs ?? init?.clipMs ?? 1000;
  modelEntry(name);
  if (teacher) checkTeacher(teacher, frontEnd, clipMs);
  return { name, frontEnd, clipMs, init, teacher };
}

/** Networks over three maps hear log-mel, Δ and ΔΔ. */
function frontEndFor(name: string): FrontEndConfig {
  const { input } = modelEntry(name);
  const hasDeltas = input[1] === DEFAULT_FRONT_END.bands && input[2] === 3;
  return hasDeltas
    ? { ...DEFAULT_FRONT_END, deltas: { reachFrames: DELTA_REACH_FRAMES } }
    : DEFAULT_FRONT_END;
}

function checkTeacher(teacher: Model, frontEnd: FrontEndConfig, clipMs: number): void {
  if (sameFrontEnd(teacher.frontEnd, frontEnd) && teacher.clipMs === clipMs) return;
  throw new ConfigError(
    'teacher-front-end',
    `Cannot learn from teacher ${teacher.name}: expected the front end and clip length of the training, got others`,
    { value: teacher.frontEnd },
  );
}
