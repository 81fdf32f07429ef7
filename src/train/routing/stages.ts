/** The stages of a training: one for most networks, two for those that choose their resolution. */
import { exp, log } from '../../numerics/elementary.js';
import type { Recipe } from '../recipe.js';

export interface Stage {
  /** all: a plain network, or every branch of one that chooses. joint: branches and predictor. */
  readonly kind: 'all' | 'joint';
  /** Epochs before it. */
  readonly firstEpoch: number;
  readonly epochs: number;
}

/** The stage that epoch `epoch`, counted from 0, is in. */
export function stageAt({ epochs, routing }: Recipe, epoch: number): Stage {
  if (!routing) return { kind: 'all', firstEpoch: 0, epochs };
  const first = Math.min(Math.round(epochs * routing.pretrainShare), epochs - 1);
  return epoch < first
    ? { kind: 'all', firstEpoch: 0, epochs: first }
    : { kind: 'joint', firstEpoch: first, epochs: epochs - first };
}

/** τ of a joint epoch, counted from 0 over the whole training: from · (to / from)^(part of the stage that is over). */
export function temperatureAt(recipe: Recipe, epoch: number): number {
  const { from, to } = recipe.routing?.temperature ?? { from: 1, to: 1 };
  const { firstEpoch, epochs } = stageAt(recipe, epoch);
  if (from === to || epochs === 1) return from;
  return from * exp((log(to / from) * Math.max(epoch - firstEpoch, 0)) / (epochs - 1));
}
