/** Checks at the door of an engine's programs; inside, loops trust. */
import { ConfigError, ShapeError } from '../errors.js';
import type { Graph, Tensors } from '../graph/graph.js';
import { nodesByName, sizeOf } from '../graph/graph.js';

/** @throws ShapeError if a batch of `count` clips does not fit a program for `maxBatch`. */
export function checkCount(count: number, maxBatch: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= maxBatch) return;
  throw new ShapeError('batch-count', `Cannot run a batch: expected 1 to ${maxBatch} clips, got ${count}`, {
    value: count,
  });
}

/** @throws ShapeError if an array is missing or shorter than `count` maps of the node it is for. */
export function checkMaps(graph: Graph, names: readonly string[], maps: Tensors, count: number): void {
  const nodes = nodesByName(graph);
  for (const name of names) {
    const wanted = count * sizeOf(nodes.get(name)!.shape);
    const found = maps[name]?.length;
    if (found >= wanted) continue;
    const got = found === undefined ? 'none' : `${found}`;
    throw new ShapeError('map-size', `Cannot run ${name}: expected at least ${wanted} numbers, got ${got}`, {
      value: name,
    });
  }
}

/** @throws ShapeError if an array of a parameter or statistic is missing or has another size than declared. */
export function checkTensors(graph: Graph, tensors: Tensors): void {
  const specs = { ...graph.parameters, ...graph.statistics };
  for (const [name, { shape }] of Object.entries(specs)) {
    const found = tensors[name]?.length;
    if (found === sizeOf(shape)) continue;
    const wanted = `${sizeOf(shape)} numbers (${shape.join('×')})`;
    throw new ShapeError('parameter-size', `Cannot use ${name}: expected ${wanted}, got ${found ?? 'none'}`, {
      value: name,
    });
  }
}

/** @throws ConfigError if a name in `gradientsOf` or `outputGradients` is not an input or output of the graph. */
export function checkNames(
  kind: 'input' | 'output',
  known: readonly string[],
  names: readonly string[],
): void {
  for (const name of names) {
    if (known.includes(name)) continue;
    const listed = known.join(', ');
    throw new ConfigError(
      `${kind}-name`,
      `Cannot differentiate: expected an ${kind} of ${listed}, got ${name}`,
      {
        value: name,
      },
    );
  }
}
