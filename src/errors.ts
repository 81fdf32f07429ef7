/**
 * The errors hearken throws on purpose. Anything else that escapes is a fault of ours.
 *
 * Message grammar: "Cannot <do something>: expected <this>, got <that>", no full stop at the end.
 */

export interface HearkenErrorOptions {
  /** The offending value, file or field, for programs to read. */
  value?: unknown;
  cause?: unknown;
}

/** The base class: a stable `code` for programs, a sentence for people. */
export class HearkenError extends Error {
  override readonly name: string = 'HearkenError';
  readonly code: string;
  readonly value: unknown;

  constructor(code: string, message: string, options: HearkenErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.value = options.value;
  }
}

/** A recording that cannot be read, or samples that are no sound (NaN, a rate of zero). */
export class AudioFormatError extends HearkenError {
  override readonly name = 'AudioFormatError';
}

/** Maps or tensors whose shapes do not fit each other. */
export class ShapeError extends HearkenError {
  override readonly name = 'ShapeError';
}

/** An option or a model name that does not exist or is out of range. */
export class ConfigError extends HearkenError {
  override readonly name = 'ConfigError';
}

/** A model file that is damaged, of an unknown version, or disagrees with its own graph. */
export class ModelFileError extends HearkenError {
  override readonly name = 'ModelFileError';
}

/** A folder or manifest of recordings that cannot serve as a data set. */
export class DataSetError extends HearkenError {
  override readonly name = 'DataSetError';
}

/** An engine that cannot start or a program that failed while it ran. */
export class EngineError extends HearkenError {
  override readonly name = 'EngineError';
}

/** Throws the caller's reason if the signal has been aborted; long calls ask between steps. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  signal?.throwIfAborted();
}
