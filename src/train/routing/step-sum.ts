/** One step of several programs as if it were of one: gradients of shared parameters add up, in the order they come. */
import type { Tensors } from '../../graph/graph.js';
import type { NetworkStep } from '../training-network.js';

interface Part {
  readonly loss: number;
  readonly gradients: Tensors;
  readonly moments: Tensors;
}

export class StepSum {
  readonly #count: number;
  readonly #logits: Float32Array;
  readonly #gradients: Tensors = {};
  readonly #moments: Tensors = {};
  readonly #shares: Record<string, number> = {};
  #loss = 0;

  constructor(count: number, labels: number) {
    this.#count = count;
    this.#logits = new Float32Array(count * labels);
  }

  /** Adds what a program gave, its moments being of `share` of the clips. Its arrays are copied. */
  add({ loss, gradients, moments }: Part, share: number, backward: boolean): void {
    this.#loss += loss;
    for (const [name, values] of Object.entries(moments)) {
      this.#moments[name] = values.slice();
      this.#shares[name] = share;
    }
    if (!backward) return;
    for (const [name, values] of Object.entries(gradients)) {
      const sum = this.#gradients[name];
      if (!sum) this.#gradients[name] = values.slice();
      else for (let i = 0; i < sum.length; i++) sum[i] += values[i];
    }
  }

  /** Puts the logits of some clips, one row after the other, where they belong. */
  scatter(logits: Float32Array, clips: ArrayLike<number>): void {
    const labels = this.#logits.length / this.#count;
    for (let i = 0; i < clips.length; i++)
      this.#logits.set(logits.subarray(i * labels, (i + 1) * labels), clips[i] * labels);
  }

  step(furtherLoss = 0): NetworkStep {
    return {
      loss: this.#loss + furtherLoss,
      logits: this.#logits,
      gradients: this.#gradients,
      moments: this.#moments,
      momentShares: this.#shares,
    };
  }
}
