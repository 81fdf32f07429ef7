/** Sides loaded, compared, then timed in turns. */

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)];

/** The largest difference as a part of the largest output. */
export function disagreement(a, b) {
  const largest = Math.max(...b.map(Math.abs));
  return Math.max(...b.map((value, i) => Math.abs(a[i] - value))) / largest;
}

const TOLERANCE = 1e-3;

/**
 * Loads every side, checks that outputs agree with those of the first (sides with `ownOutputs` compute something else and are
 * left out of that) and lets them run round by round, each `seconds` long; a first round warms up and does not count.
 * A side: `{ label, peer, command }`. Returns those that took part with `rates` (clips a second, one a round) and `version`.
 */
export async function takeTurns(pool, sides, { rounds, seconds }) {
  const loaded = [];
  for (const [i, side] of sides.entries()) {
    const answer = await pool.load(side.peer, { slot: `side ${i}`, ...side.command });
    if (answer) loaded.push({ ...side, ...answer, rates: [] });
  }
  const reference = loaded.find((side) => !side.ownOutputs);
  for (const side of loaded) {
    const worst = side.ownOutputs ? 0 : disagreement(side.outputs, reference.outputs);
    if (!(worst <= TOLERANCE))
      throw new Error(`outputs of ${side.label} and ${reference.label} differ by ${worst} of the largest`);
  }
  for (let round = 0; round <= rounds; round++) {
    for (const side of loaded) {
      const { clipsPerSecond } = await side.run(seconds);
      if (round > 0) side.rates.push(clipsPerSecond);
    }
  }
  return loaded;
}

/** The median over rounds of how many times as long as `base` a side takes. */
export function timesOf(side, base) {
  return median(side.rates.map((rate, round) => base.rates[round] / rate));
}
