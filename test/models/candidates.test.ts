import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../src/audio/meyda-front-end.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Pair } from '../../src/graph/graph.js';
import { routesOf } from '../../src/graph/routes.js';
import { buildDrNet } from '../../src/models/build-drnet.js';
import { type CandidateKind, candidateOf } from '../../src/models/candidates.js';
import { speechLike } from '../audio/clips.js';
import { expectAllClose } from '../support/all-close.js';

const engine = await createWasmEngine();
afterAll(() => engine.dispose());

/** What a candidate makes of one map. */
async function candidate(features: Float32Array, shape: Pair, size: Pair, kind: CandidateKind) {
  const g = new GraphBuilder('candidate');
  const out = candidateOf(g, g.input('features', [...shape, 1]), { size, kind, name: 'small' });
  expect(out.shape).toEqual([...size, 1]);
  const program = await engine.compileInference(g.build({ outputs: [out] }), { maxBatch: 1 });
  program.assign({});
  const map = program.run({ features }, 1)[out.name].slice();
  program.dispose();
  return map;
}

describe('candidateOf', () => {
  it.each([
    [2, 2],
    [3, 4],
    [1, 5],
    [4, 1],
  ])(
    'by a coarser front end gives what one of %i times the hop hears, %i bands’ power added',
    async (hops, bands) => {
      const clip = speechLike(16000, 0.3, 2);
      const fine = createMeydaFrontEnd(DEFAULT_FRONT_END).compute(clip);
      const hopSamples = hops * DEFAULT_FRONT_END.hopSamples;
      const coarse = createMeydaFrontEnd({ ...DEFAULT_FRONT_END, hopSamples }).compute(clip);
      const frames = coarse.length / 40;
      const wanted = Array.from({ length: (frames * 40) / bands }, (_, i) => {
        const group = coarse.subarray(i * bands, (i + 1) * bands);
        return Math.log(group.reduce((power, value) => power + Math.exp(value), 0));
      });
      const found = await candidate(fine, [98, 40], [frames, 40 / bands], 'front-end');
      expectAllClose(found, wanted, { absolute: 1e-4 });
    },
  );

  it('is the map itself at its own size', () => {
    const g = new GraphBuilder('same');
    const x = g.input('features', [9, 4, 1]);
    for (const kind of ['resize', 'front-end'] as const)
      expect(candidateOf(g, x, { size: [9, 4], kind, name: 'same' })).toBe(x);
  });

  it.each<[Pair]>([[[60, 20]], [[49, 30]], [[97, 40]]])(
    'refuses %j of 98 × 40 by a coarser front end',
    (size) => {
      const g = new GraphBuilder('none');
      const x = g.input('features', [98, 40, 1]);
      let thrown: unknown;
      try {
        candidateOf(g, x, { size, kind: 'front-end', name: 'none' });
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(ConfigError);
      const name = size.join(' × ');
      expect(thrown).toMatchObject({
        code: 'drnet-resolutions',
        message: `Cannot look at ${name} by a coarser front end: expected every k-th of 98 frames and a divisor of 40 bands, got ${name}`,
      });
    },
  );
});

describe('buildDrNet', () => {
  it('takes candidates of a coarser front end, of which the branch’s own size is told', () => {
    const resolutions = [1, [49, 40], 1 / 2] as const;
    const graph = buildDrNet('ghostnet-small', { candidates: 'front-end', resolutions });
    const { branches } = routesOf(graph)!;
    expect(branches.map(({ resolution }) => resolution)).toEqual([
      [98, 40],
      [49, 40],
      [49, 20],
    ]);
    const odd = buildDrNet(
      'ghostnet-small',
      { candidates: 'front-end', resolutions: [1, 1 / 2] },
      { input: [97, 40, 1] },
    );
    expect(routesOf(odd)!.branches[1].resolution).toEqual([49, 20]);
  });

  it('refuses candidates of another kind', () => {
    expect(() => buildDrNet('ghostnet-small', { candidates: 'crop' as 'resize' })).toThrow(
      'Cannot build a DRNet: expected candidates resize or front-end, got crop',
    );
  });
});
