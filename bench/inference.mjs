/** Inference: one clip (98 × 40) on one thread, and batches, strict and relaxed, beside all peers. */
import { median, takeTurns, timesOf } from './support/compare.mjs';
import { makeProblem } from './support/problem.mjs';

export const INFERENCE_MODELS = [
  'ghost-25k',
  'ghostnet-tiny',
  'bl-resnet-tiny',
  'bc-resnet-1',
  'ghostnet-small',
  'bl-resnet-small',
];

const LABELS = {
  pytorch: 'PyTorch (folded)',
  'onnxruntime-node': 'onnxruntime-node',
  'onnxruntime-web': 'onnxruntime-web',
  'tfjs-wasm': 'tfjs-wasm (folded, fused)',
  'tfjs-cpu': 'tfjs cpu (folded, fused)',
  'tfjs-node': 'tfjs-node (folded, fused)',
};

function sidesOf(folder, batch, { kernels, peers }) {
  const command = { task: 'inference', folder, batch, threads: 1 };
  const own = kernels.map((set) => ({
    label: `hearken ${set}`,
    peer: 'hearken',
    command: { ...command, kernels: set },
  }));
  const others = peers
    .filter((peer) => peer in LABELS)
    .flatMap((peer) => {
      const layouts = peer === 'pytorch' ? ['channels_last', 'default'] : [undefined];
      return layouts.map((layout) => ({
        label: layout ? `${LABELS[peer]} ${layout}` : LABELS[peer],
        peer,
        command: { ...command, layout },
      }));
    });
  return [...own, ...others];
}

/** Prints rows network by network. `bench`: options, pool, sources, print. */
export async function benchInference(bench) {
  const { options, pool, sources, print } = bench;
  const sets = options.kernels;
  print(`\n## Inference, one thread\n`);
  print('Milliseconds a clip, by median and at best; then how many times as long as hearken a side takes.\n');
  const columns = ['network', 'clips at once', 'side', 'ms a clip', 'best', ...sets.map((set) => `÷ ${set}`)];
  print(`| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}`);
  for (const name of options.models ?? INFERENCE_MODELS) {
    const problem = makeProblem(name, Math.max(...options.batches), sources);
    try {
      for (const batch of options.batches) {
        const sides = await takeTurns(pool, sidesOf(problem.folder, batch, options), options);
        const bases = sets.map((set) => sides.find((side) => side.label === `hearken ${set}`));
        for (const side of sides) {
          bench.versions.set(side.peer, side.version);
          const times = side.rates.map((rate) => 1000 / rate);
          const cells = [median(times).toFixed(4), Math.min(...times).toFixed(4)];
          cells.push(...bases.map((base) => timesOf(side, base).toFixed(2)));
          print(`| ${name} | ${batch} | ${side.label} | ${cells.join(' | ')} |`);
        }
      }
    } finally {
      problem.remove();
    }
  }
}
