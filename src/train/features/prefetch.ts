/** Keeps slots filled ahead of the one who reads them, in the order of epochs and batches. */
import { EngineError } from '../../errors.js';
import type { BatchSlots } from './batch-slots.js';

export interface FilledSlot {
  readonly slot: number;
  readonly count: number;
}

interface Flight {
  readonly slot: number;
  readonly epoch: number;
  readonly batch: number;
  readonly filling: Promise<number>;
}

export class Prefetcher {
  /** Asked for and not yet read, in order. */
  private flights: Flight[] = [];
  private readonly free: number[];
  private lent: number | undefined;
  private busy = false;

  constructor(
    private readonly slots: BatchSlots,
    private readonly batchesPerEpoch: number,
    private readonly ahead: number,
  ) {
    this.free = slots.slots.map((_, slot) => slot);
  }

  /**
   * The slot with this batch; its memory stays as it is until the next call. Where the batch is not the one after the
   * last, what was prepared is thrown away.
   */
  async take(epoch: number, batch: number): Promise<FilledSlot> {
    if (this.busy) {
      throw new EngineError(
        'two-readers',
        'Cannot read a batch: expected one reader at a time, got a second call',
      );
    }
    this.busy = true;
    try {
      if (this.lent !== undefined) this.free.push(this.lent);
      this.lent = undefined;
      const [head] = this.flights;
      if (head && !(head.epoch === epoch && head.batch === batch)) await this.clear();
      this.prepareFrom(epoch, batch);
      const flight = this.flights.shift()!;
      this.lent = flight.slot;
      return { slot: flight.slot, count: await flight.filling };
    } finally {
      this.busy = false;
    }
  }

  /** Waits for what is under way, so that no slot is written to by two workers. */
  private async clear(): Promise<void> {
    const dropped = this.flights;
    this.flights = [];
    await Promise.allSettled(dropped.map(({ filling }) => filling));
    for (const { slot } of dropped) this.free.push(slot);
  }

  private prepareFrom(epoch: number, batch: number): void {
    const last = this.flights.at(-1);
    let next = last ? this.after(last) : { epoch, batch };
    while (this.flights.length < this.ahead && this.free.length > 0) {
      const slot = this.free.shift()!;
      const filling = this.slots.fill(slot, next.epoch, next.batch);
      // Whoever takes it sees the error; nobody may ever take it.
      filling.catch(() => {});
      this.flights.push({ slot, ...next, filling });
      next = this.after(next);
    }
  }

  private after({ epoch, batch }: { epoch: number; batch: number }): { epoch: number; batch: number } {
    return batch + 1 < this.batchesPerEpoch ? { epoch, batch: batch + 1 } : { epoch: epoch + 1, batch: 0 };
  }
}
