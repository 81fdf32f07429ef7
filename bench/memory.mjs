/**
 * Memory, resident: training bl-resnet-small at batch 64, and what a loaded tiny model with its engine adds to an idle
 * process. Each is measured in a process of its own.
 *
 *   npm run bench:memory
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MEGABYTE = 1e6;
const [, script, task] = process.argv;

async function trainingPeak() {
  const { costsOf, initializeParameters, modelEntry } = await import('../dist/models.js');
  const { createEngine } = await import('../dist/train.js');
  const graph = modelEntry('bl-resnet-small').build();
  const engine = await createEngine('wasm');
  const program = await engine.compileTraining(graph, { maxBatch: 64, threads: 2 });
  for (const [name, values] of Object.entries(initializeParameters(graph, 1)))
    program.parameters[name].set(values);
  const [input] = graph.inputs;
  const [output] = graph.outputs;
  const size = (name) =>
    graph.nodes.find((node) => node.name === name).shape.reduce((product, n) => product * n, 64);
  const features = new Float32Array(size(input)).fill(0.5);
  const seeds = new Float32Array(size(output)).fill(0.01);
  for (let step = 0; step < 5; step++) {
    await program.step({
      inputs: { [input]: features },
      count: 64,
      seed: step,
      outputGradients: { [output]: seeds },
    });
  }
  program.dispose();
  return {
    what: `training bl-resnet-small (${costsOf(graph).parameters} parameters), batch 64, 2 threads`,
    megabytes: process.resourceUsage().maxRSS / 1000,
    bar: 1500,
  };
}

async function loadedModel() {
  const { loadModel } = await import('../dist/index.js');
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const path = fileURLToPath(new URL('../pretrained/spoken-commands.safetensors', import.meta.url));
  const recognizer = await loadModel(path);
  recognizer.recognize(new Float32Array(16000), 16000);
  globalThis.gc?.();
  return {
    what: 'a loaded tiny model and its engine, one clip recognised',
    megabytes: (process.memoryUsage().rss - before) / MEGABYTE,
    bar: 30,
  };
}

const TASKS = { trainingPeak, loadedModel };
if (task) {
  console.log(JSON.stringify(await TASKS[task]()));
} else {
  console.log(
    `Node ${process.version}, ${process.platform} ${process.arch}\n\n| what | resident MB | bar |\n|---|---|---|`,
  );
  for (const name of Object.keys(TASKS)) {
    const { stdout, status } = spawnSync(process.execPath, ['--expose-gc', script, name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (status !== 0) process.exit(1);
    const { what, megabytes, bar } = JSON.parse(stdout);
    console.log(`| ${what} | ${megabytes.toFixed(0)} | under ${bar} |`);
  }
}
