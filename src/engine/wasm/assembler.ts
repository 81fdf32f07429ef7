/**
 * Instructions for the kernels with addresses still open. Every argument that is memory names a Region; when all
 * instructions are there, the first and last use of a region say how long it lives, and regions that never live at the
 * same time share bytes.
 */

import type { Op } from '../../../assembly/op.js';

/** Memory that instructions use. Per clip: `floats` times the clips a program holds. */
export interface Region {
  readonly label: string;
  floats: number;
  readonly perClip: boolean;
  /** Lives from the first instruction to the last (parameters, outputs), in memory of all threads or of each. */
  readonly keep: 'no' | 'thread' | 'shared';
  /** What it holds from the start. */
  readonly data?: Float32Array;
}

export interface Place {
  readonly region: Region;
  /** Numbers from the region's start. */
  readonly offset: number;
}

/** A whole number, a float32 (`real`), or a place in memory. */
export type Argument = number | { readonly real: number } | Place;

export interface Instruction {
  readonly op: Op;
  readonly args: readonly Argument[];
  /** The graph node it works for. */
  readonly node: string;
}

export class Assembler {
  readonly instructions: Instruction[] = [];
  readonly regions: Region[] = [];
  node = '';
  readonly #zeros: Region = this.region('zeros', 8, { perClip: false, keep: 'shared' });

  region(label: string, floats: number, options: Partial<Omit<Region, 'label' | 'floats'>> = {}): Region {
    const region: Region = { label, floats, perClip: true, keep: 'no', ...options };
    this.regions.push(region);
    return region;
  }

  call(op: Op, ...args: Argument[]): void {
    this.instructions.push({ op, args, node: this.node });
  }

  /** A place with at least `floats` zeros, shared by all who ask. */
  zeros(floats: number): Place {
    this.#zeros.floats = Math.max(this.#zeros.floats, floats + 8);
    return at(this.#zeros);
  }
}

/** A place inside a region. */
export function at(region: Region, offset = 0): Place {
  return { region, offset };
}

export function real(value: number): Argument {
  return { real: value };
}

/** Where each region of one kind begins, in bytes from the kind's base, and how many bytes the kind takes. */
export interface Layout {
  readonly offsets: Map<Region, number>;
  readonly bytes: number;
}

const ALIGNMENT = 64;
/** Kernels work on four or eight numbers at a time: they look past a region's end, and a few of them write there. */
const SLACK_BYTES = 64;

/** Bytes a region takes for `clips` clips. */
function bytesOf(region: Region, clips: number): number {
  const floats = region.floats * (region.perClip ? clips : 1);
  return Math.ceil((4 * floats + SLACK_BYTES) / ALIGNMENT) * ALIGNMENT;
}

/** Places regions that all threads share one after the other. */
export function layoutShared(assembler: Assembler, clips: number): Layout {
  const offsets = new Map<Region, number>();
  let bytes = 0;
  for (const region of assembler.regions) {
    if (region.keep !== 'shared') continue;
    offsets.set(region, bytes);
    bytes += bytesOf(region, clips);
  }
  return { offsets, bytes };
}

interface Interval {
  readonly region: Region;
  readonly bytes: number;
  first: number;
  last: number;
}

/** Places one thread's regions: the largest first, each at the lowest address free during its life. */
export function layoutThread(assembler: Assembler, clips: number): Layout {
  const intervals = livesOf(assembler, clips);
  intervals.sort((a, b) => b.bytes - a.bytes || a.first - b.first);
  const offsets = new Map<Region, number>();
  const placed: Interval[] = [];
  let bytes = 0;
  for (const interval of intervals) {
    const offset = lowestFree(interval, placed, offsets);
    offsets.set(interval.region, offset);
    placed.push(interval);
    bytes = Math.max(bytes, offset + interval.bytes);
  }
  return { offsets, bytes };
}

function livesOf(assembler: Assembler, clips: number): Interval[] {
  const lives = new Map<Region, Interval>();
  const end = assembler.instructions.length;
  for (const region of assembler.regions) {
    if (region.keep === 'thread')
      lives.set(region, { region, bytes: bytesOf(region, clips), first: 0, last: end });
  }
  for (const [index, { args }] of assembler.instructions.entries()) {
    for (const argument of args) {
      const region = typeof argument === 'object' && 'region' in argument ? argument.region : undefined;
      if (region?.keep !== 'no') continue;
      const life = lives.get(region);
      if (life) life.last = index;
      else lives.set(region, { region, bytes: bytesOf(region, clips), first: index, last: index });
    }
  }
  return [...lives.values()];
}

function lowestFree(wanted: Interval, placed: readonly Interval[], offsets: Map<Region, number>): number {
  const busy = placed
    .filter((other) => other.first <= wanted.last && wanted.first <= other.last)
    .map((other) => ({ from: offsets.get(other.region)!, to: offsets.get(other.region)! + other.bytes }))
    .sort((a, b) => a.from - b.from);
  let offset = 0;
  for (const { from, to } of busy) {
    if (offset + wanted.bytes <= from) break;
    offset = Math.max(offset, to);
  }
  return offset;
}

const floatBits = new Float32Array(1);
const wordBits = new Int32Array(floatBits.buffer);

/** Instructions first … end − 1 as words, regions at their addresses. */
export function encode(
  instructions: readonly Instruction[],
  address: (region: Region) => number,
): Int32Array {
  const words: number[] = [];
  for (const { op, args } of instructions) {
    words.push(op, args.length + 2);
    for (const argument of args) {
      if (typeof argument === 'number') words.push(argument | 0);
      else if ('real' in argument) {
        floatBits[0] = argument.real;
        words.push(wordBits[0]);
      } else words.push((address(argument.region) + 4 * argument.offset) | 0);
    }
  }
  return Int32Array.from(words);
}
