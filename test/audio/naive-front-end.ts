/** The log-mel formula of one frame written out in plain float64 sums: the oracle of both front ends. */

/** The 40 bands of the frame that starts at the first sample. */
export function naiveLogMel(samples: Float32Array): number[] {
  const power = Array.from({ length: 257 }, (_, k) => {
    let re = 0;
    let im = 0;
    for (let i = 0; i < 480; i++) {
      const x = samples[i] * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / 480));
      re += x * Math.cos((2 * Math.PI * ((k * i) % 512)) / 512);
      im -= x * Math.sin((2 * Math.PI * ((k * i) % 512)) / 512);
    }
    return re * re + im * im;
  });
  const mel = (hz: number) => 2595 * Math.log10(1 + hz / 700);
  const edge = (i: number) => 700 * (10 ** ((mel(20) + (i * (mel(7600) - mel(20))) / 41) / 2595) - 1);
  return Array.from({ length: 40 }, (_, b) => {
    let energy = 0;
    power.forEach((p, k) => {
      const hz = (k * 16000) / 512;
      const rise = (hz - edge(b)) / (edge(b + 1) - edge(b));
      const fall = (edge(b + 2) - hz) / (edge(b + 2) - edge(b + 1));
      energy += Math.max(0, Math.min(rise, fall)) * p;
    });
    return Math.log(energy + 1e-6);
  });
}
