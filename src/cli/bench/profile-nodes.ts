/** Where a training step's time goes, node by node. */
import type { InstructionTime } from '../../engine/wasm/profile.js';
import { activationBytesOf, macsOf } from '../../graph/costs.js';
import type { Graph, GraphNode } from '../../graph/graph.js';
import { nodesByName } from '../../graph/graph.js';

export interface NodeTime {
  readonly node: string;
  readonly pass: 'forward' | 'backward';
  /** Kernel calls a shard. */
  readonly calls: number;
  /** For one shard. */
  readonly microseconds: number;
  /** Multiplications and additions of convolutions and dense layers; backward counts both gradients. Absent for other nodes. */
  readonly gflopsPerSecond?: number;
  /** Bytes of the maps a node reads and writes, forward or backward. */
  readonly gigabytesPerSecond: number;
  /** A part of 1 of the whole step. */
  readonly share: number;
}

/** Instructions of one shard of `clips` clips, summed by node and pass, the slowest first. Fused nodes count for the one that leads them. */
export function profileNodes(graph: Graph, times: readonly InstructionTime[], clips: number): NodeTime[] {
  const nodes = nodesByName(graph);
  const total = times.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const groups = new Map<string, InstructionTime[]>();
  for (const time of times) {
    const key = `${time.backward ? 'backward' : 'forward'} ${time.node}`;
    groups.set(key, [...(groups.get(key) ?? []), time]);
  }
  const rows = [...groups.values()].map((group): NodeTime => {
    const [{ node, backward }] = group;
    const microseconds = group.reduce((sum, time) => sum + time.microseconds, 0);
    const { flops, bytes } = workOf(nodes.get(node), nodes, backward);
    const perSecond = (amount: number) => (amount * clips) / (microseconds * 1e3);
    return {
      node,
      pass: backward ? 'backward' : 'forward',
      calls: group.length,
      microseconds,
      ...(flops > 0 && { gflopsPerSecond: perSecond(flops) }),
      gigabytesPerSecond: perSecond(bytes),
      share: microseconds / total,
    };
  });
  return rows.sort((a, b) => b.microseconds - a.microseconds);
}

/** For one clip; nothing for what is no node of the graph, such as clearing the gradients. */
function workOf(
  node: GraphNode | undefined,
  nodes: ReadonlyMap<string, GraphNode>,
  backward: boolean,
): { flops: number; bytes: number } {
  if (!node) return { flops: 0, bytes: 0 };
  const inputs = node.inputs.map((name) => nodes.get(name)!);
  const read = inputs.reduce((sum, input) => sum + activationBytesOf(input), 0);
  const passes = backward ? 2 : 1;
  return {
    flops: 2 * passes * macsOf(node, inputs[0]?.shape),
    bytes: passes * (read + activationBytesOf(node)),
  };
}
