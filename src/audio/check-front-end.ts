/** Front-end settings that come from a file or a caller, checked field by field. */
import { ConfigError } from '../errors.js';
import type { FrontEndConfig, LogCompression, PcenCompression } from './front-end.js';
import { melFilters } from './mel-filters.js';
import { SAMPLE_RATE_HZ } from './sample-rate.js';

type Fields = Record<string, unknown>;

/**
 * The same settings as a typed, fresh object.
 * @throws ConfigError naming the first field that is missing, unknown or out of range.
 */
export function checkFrontEndConfig(value: unknown): FrontEndConfig {
  const fields = object(value, 'front end', [
    ...['sampleRateHz', 'windowSamples', 'hopSamples', 'fftSamples', 'bands', 'lowHz', 'highHz'],
    ...['compression', 'mfcc', 'deltas'],
  ]);
  const bands = whole(fields, 'bands', 1, 128);
  const config: FrontEndConfig = {
    sampleRateHz: whole(fields, 'sampleRateHz', SAMPLE_RATE_HZ, SAMPLE_RATE_HZ) as 16000,
    windowSamples: whole(fields, 'windowSamples', 16, 512),
    hopSamples: whole(fields, 'hopSamples', 1, 4096),
    fftSamples: whole(fields, 'fftSamples', 512, 512) as 512,
    bands,
    lowHz: number(fields, 'lowHz', 0, SAMPLE_RATE_HZ / 2),
    highHz: number(fields, 'highHz', 0, SAMPLE_RATE_HZ / 2),
    compression: compression(fields.compression),
    mfcc: fields.mfcc === null ? null : mfcc(fields.mfcc, bands),
    deltas: fields.deltas === null ? null : deltas(fields.deltas),
  };
  if (config.lowHz >= config.highHz) throw fault('lowHz', `below highHz (${config.highHz})`, config.lowHz);
  const empty = melFilters(config).findIndex((filter) => filter.weights.length === 0);
  if (empty >= 0)
    throw fault('bands', `so few that each filter holds an FFT bin (filter ${empty} has none)`, bands);
  return config;
}

/** Whether two configurations give the same map. */
export function sameFrontEnd(a: FrontEndConfig, b: FrontEndConfig): boolean {
  return canonical(a) === canonical(b);
}

function canonical(config: FrontEndConfig): string {
  return JSON.stringify(checkFrontEndConfig(config));
}

function compression(value: unknown): LogCompression | PcenCompression {
  const kind = (value as Fields | null | undefined)?.kind;
  if (kind === 'log') {
    const fields = object(value, 'compression', ['kind', 'floor']);
    return { kind, floor: number(fields, 'floor', 1e-30, 1) };
  }
  if (kind !== 'pcen') throw fault('compression.kind', 'log or pcen', kind);
  const fields = object(value, 'compression', ['kind', 'smoothing', 'gain', 'bias', 'root', 'floor']);
  return {
    kind,
    smoothing: number(fields, 'smoothing', 1e-6, 1),
    gain: number(fields, 'gain', 0, 1),
    bias: number(fields, 'bias', 0, 1000),
    root: number(fields, 'root', 0.01, 1),
    floor: number(fields, 'floor', 1e-30, 1),
  };
}

function mfcc(value: unknown, bands: number): FrontEndConfig['mfcc'] {
  return { coefficients: whole(object(value, 'mfcc', ['coefficients']), 'coefficients', 1, bands) };
}

function deltas(value: unknown): FrontEndConfig['deltas'] {
  return { reachFrames: whole(object(value, 'deltas', ['reachFrames']), 'reachFrames', 1, 16) };
}

function object(value: unknown, name: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fault(name, 'an object', value);
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw fault(name, `only the fields ${known.join(', ')}`, key);
  }
  return value as Fields;
}

function number(fields: Fields, name: string, low: number, high: number): number {
  const value = fields[name];
  if (typeof value !== 'number' || !(value >= low && value <= high)) {
    throw fault(name, low === high ? `${low}` : `a number from ${low} to ${high}`, value);
  }
  return value;
}

function whole(fields: Fields, name: string, low: number, high: number): number {
  const value = number(fields, name, low, high);
  if (!Number.isInteger(value)) throw fault(name, 'a whole number', value);
  return value;
}

function fault(field: string, wanted: string, found: unknown): ConfigError {
  const shown =
    typeof found === 'object' ? (JSON.stringify(found)?.slice(0, 80) ?? 'nothing') : String(found);
  return new ConfigError(
    'front-end-config',
    `Cannot use front end: expected ${field} to be ${wanted}, got ${shown}`,
    {
      value: found,
    },
  );
}
