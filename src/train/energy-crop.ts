/** Where in a long recording the word is. */

/** Windows are tried every 10 ms at 16 kHz. */
const STEP_SAMPLES = 160;

/**
 * The first sample of the window of `windowSamples` that holds most energy, 0 if the clip is no longer than that.
 * Where a word fits into many windows, the middle one of the best 1 % is taken, so that it stands in the centre.
 */
export function energyCropStart(samples: Int16Array, windowSamples: number): number {
  if (samples.length <= windowSamples) return 0;
  const starts = Math.floor((samples.length - windowSamples) / STEP_SAMPLES) + 1;
  const energies = new Float64Array(starts);
  // Sums of squares of 16-bit integers are exact in float64 below 2^53: three months of full-scale sound.
  let energy = sumOfSquares(samples, 0, windowSamples);
  for (let w = 0; w < starts; w++) {
    energies[w] = energy;
    const start = w * STEP_SAMPLES;
    energy -= sumOfSquares(samples, start, start + STEP_SAMPLES);
    energy += sumOfSquares(samples, start + windowSamples, start + windowSamples + STEP_SAMPLES);
  }
  const enough = 0.99 * energies.reduce((best, value) => Math.max(best, value), 0);
  const good: number[] = [];
  energies.forEach((value, w) => {
    if (value >= enough) good.push(w);
  });
  return good[(good.length - 1) >> 1] * STEP_SAMPLES;
}

function sumOfSquares(samples: Int16Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < Math.min(to, samples.length); i++) sum += samples[i] * samples[i];
  return sum;
}
