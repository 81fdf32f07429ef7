/** What a builder of graphs remembers: nodes, shapes, names under scopes, declared parameters and statistics. */
import { ConfigError } from '../errors.js';
import type { Value } from './builder-options.js';
import type {
  Graph,
  GraphNode,
  Initializer,
  ParameterRole,
  ParameterSpec,
  Shape,
  StatisticSpec,
} from './graph.js';
import { inferShape, type Unshaped } from './infer-shape.js';

export class GraphRecorder {
  readonly #name: string;
  readonly #nodes: GraphNode[] = [];
  readonly #taken = new Set<string>();
  readonly #shapes = new Map<string, Shape>();
  readonly #parameters: Record<string, ParameterSpec> = {};
  readonly #statistics: Record<string, StatisticSpec> = {};
  #scope = '';

  constructor(name: string) {
    this.#name = name;
  }

  /** Runs `build` with `name/` before every name it gives; scopes nest. */
  scope<R>(name: string, build: () => R): R {
    const outer = this.#scope;
    this.#scope = this.#free(outer + name) + '/';
    this.#taken.add(this.#scope.slice(0, -1));
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  /** An input map `[time, frequency, channels]`; its name is the one callers use, outside all scopes. @throws ConfigError if it is taken. */
  input(name: string, shape: Shape): Value {
    this.#expectFree(`input ${name}`, name);
    return this.append({ op: 'input', name, inputs: [] }, shape);
  }

  /**
   * Takes over the nodes of a graph under their own names, outside all scopes, with its parameters and statistics; gives the
   * values of its outputs, to be built on. @throws ConfigError if a name is taken, ShapeError if its nodes do not fit.
   */
  adopt(graph: Graph): Value[] {
    for (const { shape, ...node } of graph.nodes) {
      this.#expectFree(`node ${node.name}`, node.name);
      this.append(node as Unshaped, shape);
    }
    for (const { name } of graph.nodes)
      for (let end = name.indexOf('/'); end > 0; end = name.indexOf('/', end + 1))
        this.#taken.add(name.slice(0, end));
    Object.assign(this.#parameters, graph.parameters);
    Object.assign(this.#statistics, graph.statistics);
    return graph.outputs.map((name) => ({ name, shape: this.#shapes.get(name)! }));
  }

  /** The graph so far; what is added later does not reach it. */
  build(ends: { readonly outputs: readonly Value[]; readonly losses?: readonly Value[] }): Graph {
    return {
      name: this.#name,
      nodes: [...this.#nodes],
      inputs: this.#nodes.filter((node) => node.op === 'input').map((node) => node.name),
      outputs: ends.outputs.map((value) => value.name),
      losses: (ends.losses ?? []).map((value) => value.name),
      parameters: { ...this.#parameters },
      statistics: { ...this.#statistics },
    };
  }

  /** Adds a node; `declared` is the shape it claims. @throws ShapeError if its inputs do not fit. */
  protected append(node: Unshaped, declared: Shape): Value {
    const inputs = node.inputs.map((input) => {
      const shape = this.#shapes.get(input);
      if (shape) return shape;
      throw new ConfigError(
        'graph-order',
        `Cannot build node ${node.name}: expected values of this builder, got ${input}`,
        { value: input },
      );
    });
    const shape = inferShape(node, inputs, declared);
    this.#taken.add(node.name);
    this.#shapes.set(node.name, shape);
    this.#nodes.push({ ...node, shape } as GraphNode);
    return { name: node.name, shape };
  }

  /** The name under the current scope, numbered where it is taken. */
  protected unique(name: string): string {
    return this.#free(this.#scope + name);
  }

  #expectFree(what: string, name: string): void {
    if (!this.#taken.has(name)) return;
    throw new ConfigError('graph-name', `Cannot build ${what}: expected a new name, got a taken one`, {
      value: name,
    });
  }

  #free(wanted: string): string {
    let name = wanted;
    for (let n = 2; this.#taken.has(name); n++) name = `${wanted}-${n}`;
    return name;
  }

  protected constant(name: string, shape: readonly number[], role: ParameterRole, value: number): string {
    return this.parameter(name, shape, role, { kind: 'constant', value });
  }

  protected parameter(
    name: string,
    shape: readonly number[],
    role: ParameterRole,
    init: Initializer,
  ): string {
    this.#parameters[name] = { shape, role, init };
    return name;
  }

  protected statistic(name: string, shape: readonly number[], role: StatisticSpec['role']): string {
    this.#statistics[name] = { shape, role };
    return name;
  }
}
