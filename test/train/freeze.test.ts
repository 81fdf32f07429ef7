import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { initializeParameters, initializeStatistics } from '../../src/graph/initialize.js';
import { checkGraph } from '../../src/graph/shapes.js';
import { splitFrozen } from '../../src/train/freeze.js';
import { DEFAULT_RECIPE } from '../../src/train/recipe.js';
import { Trainer } from '../../src/train/trainer.js';
import { createNaiveEngine } from '../support/naive-engine.js';
import { toyBatches, toyEvaluation, toyGraph } from '../support/toy-clips.js';

const HEAD = new Set(['head/weight', 'head/bias']);

describe('splitFrozen', () => {
  it('cuts in front of the trained layer', () => {
    const { trunk, tail, joints } = splitFrozen(toyGraph(), HEAD);
    expect(joints).toEqual(['pool']);
    expect(tail.nodes.map(({ op }) => op)).toEqual(['input', 'dense']);
    expect(Object.keys(tail.parameters)).toEqual(['head/weight', 'head/bias']);
    expect(tail.statistics).toEqual({});
    expect(trunk?.outputs).toEqual(['pool']);
    expect(Object.keys(trunk!.parameters)).not.toContain('head/weight');
    expect(Object.keys(trunk!.statistics)).toEqual(Object.keys(toyGraph().statistics));
    checkGraph(trunk!);
    checkGraph(tail);
  });

  it('trunk and tail together compute what the whole does', async () => {
    const graph = toyGraph();
    const { trunk, tail, joints } = splitFrozen(graph, new Set(['hidden/weight']));
    const tensors = { ...initializeParameters(graph, 3), ...initializeStatistics(graph) };
    const features = Float32Array.from({ length: 2 * 24 }, (_, i) => Math.sin(i));
    const run = async (part: typeof graph, inputs: Record<string, Float32Array>) => {
      const program = await createNaiveEngine().compileInference(part, { maxBatch: 2 });
      program.assign(tensors);
      return program.run(inputs, 2);
    };
    const middle = await run(trunk!, { features });
    expect(Object.keys(middle)).toEqual(joints);
    expect(await run(tail, middle)).toEqual(await run(graph, { features }));
  });

  it('has several joints where branches meet, the features among them, and no trunk without need', () => {
    const builder = new GraphBuilder('branches');
    const x = builder.input('features', [2, 2, 3]);
    const frozen = builder.dense(x, { channels: 3, name: 'frozen' });
    const trained = builder.dense(x, { channels: 3, name: 'trained' });
    const graph = builder.build({ outputs: [builder.add(frozen, trained)] });
    const { trunk, joints } = splitFrozen(graph, new Set(['trained/weight']));
    expect(joints).toEqual(['features', 'frozen']);
    expect(trunk?.nodes.map(({ name }) => name)).toEqual(['features', 'frozen']);
    expect(splitFrozen(graph, new Set(['frozen/weight', 'trained/weight'])).trunk).toBeUndefined();
  });
});

describe('Trainer with frozen features', () => {
  it('moves the head alone; everything frozen keeps its bytes, running statistics too', async () => {
    const graph = toyGraph();
    const start = { parameters: initializeParameters(graph, 11), statistics: initializeStatistics(graph) };
    start.statistics['norm/mean'].fill(5);
    const trainer = await Trainer.create({
      graph,
      engine: createNaiveEngine(),
      batches: toyBatches(),
      validation: toyEvaluation(),
      recipe: { ...DEFAULT_RECIPE, epochs: 8, batchSize: 16, schedule: { ...FAST } },
      seed: 1,
      data: null,
      start,
      trained: [...HEAD],
    });
    const { weights, history } = await trainer.run();
    for (const [name, values] of Object.entries(weights.parameters)) {
      if (HEAD.has(name)) expect(values, name).not.toEqual(start.parameters[name]);
      else expect(values, name).toEqual(start.parameters[name]);
    }
    expect(weights.statistics).toEqual(start.statistics);
    expect(history.at(-1)!.training.loss).toBeLessThan(history[0].training.loss);
  });
});

const FAST = { kind: 'constant', rate: 0.05, warmupEpochs: 0 } as const;
