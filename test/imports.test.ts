import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What each room may import besides itself; see "Direction" in CONTRIBUTING. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  numerics: ['errors.ts'],
  audio: ['errors.ts', 'numerics'],
  graph: ['errors.ts', 'numerics'],
  models: ['errors.ts', 'numerics', 'audio', 'graph'],
  engine: ['errors.ts', 'numerics', 'audio', 'graph'],
  formats: ['errors.ts', 'numerics', 'audio', 'graph'],
  stream: ['errors.ts', 'numerics', 'audio', 'graph', 'models', 'engine', 'formats'],
  train: ['errors.ts', 'numerics', 'audio', 'graph', 'models', 'engine', 'formats'],
  experiments: ['errors.ts', 'numerics', 'audio', 'graph', 'models', 'engine', 'formats', 'stream', 'train'],
};

/** The doors of the package may import any room but the command line. */
const DOORS = ['index.ts', 'train.ts', 'train.browser.ts', 'models.ts'];

/** The only places that may import `node:` modules. */
const NODE_PLACES = [
  /^cli\//,
  /^experiments\//,
  /^audio\/devices\//,
  /^(train|formats)\/files\/(?!.*\.browser\.ts$)/,
  /^engine\/wasm\/threads\/.*\.node\.ts$/,
];

/** What `#name` stands for under Node and in a browser. */
const BY_PLATFORM: Readonly<Record<string, readonly string[]>> = {
  '#start-worker': [
    'engine/wasm/threads/start-worker.node.ts',
    'engine/wasm/threads/start-worker.browser.ts',
  ],
  '#read-file': ['formats/files/read-file.node.ts', 'formats/files/read-file.browser.ts'],
};

interface ImportLine {
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((path) => path.split(sep).join('/'))
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'));
const imports = files.flatMap(importsOf);

/** Static and dynamic imports and re-exports of a source, relative paths resolved to `room/file.ts`. */
function importsOf(from: string): ImportLine[] {
  const text = readFileSync(join(root, 'src', from), 'utf8').replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  const line =
    /^\s*(?:import|export)\s+(type\s+)?(?:[\w*{][^;'"`]*?\bfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
  return [...text.matchAll(line)].map((match) => {
    const name = match[2] ?? match[3];
    const to = name.startsWith('.') ? posix.join(posix.dirname(from), name).replace(/\.js$/, '.ts') : name;
    return { from, to, typesOnly: match[1] !== undefined };
  });
}

const roomOf = (path: string) => path.split('/')[0];
const isInside = (path: string) => files.includes(path);
const shown = (lines: readonly ImportLine[]) => lines.map(({ from, to }) => `${from} → ${to}`);

/** Everything that runs once `entry` is imported, packages included, on the platform given. */
function closureOf(entry: string, platform: 'node' | 'browser'): Set<string> {
  const reached = new Set<string>();
  const queue = [entry];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const { to } of imports.filter(({ from, typesOnly }) => from === path && !typesOnly)) {
      queue.push(BY_PLATFORM[to]?.[platform === 'node' ? 0 : 1] ?? to);
    }
  }
  return reached;
}

describe('import lines of src', () => {
  it('are all understood', () => {
    expect(files.length).toBeGreaterThan(40);
    const lost = imports.filter(
      ({ to }) => to.endsWith('.ts') && !isInside(to) && !existsSync(join(root, 'src', to)),
    );
    expect(shown(lost.filter(({ to }) => !to.includes('/generated/')))).toEqual([]);
    const count = files.reduce((sum, path) => {
      const text = readFileSync(join(root, 'src', path), 'utf8');
      return sum + (text.match(/^(import|export) .* from '|^import '|^\} from '/gm)?.length ?? 0);
    }, 0);
    expect(imports.length).toBeGreaterThanOrEqual(count);
  });

  it('hold the direction of the rooms', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (!isInside(to) || roomOf(from) === roomOf(to) || roomOf(from) === 'cli') return false;
      if (DOORS.includes(from)) return roomOf(to) === 'cli' || (DOORS.includes(to) && from !== 'train.ts');
      return !MAY_IMPORT[roomOf(from)]?.includes(roomOf(to));
    });
    expect(shown(wrong)).toEqual([]);
  });

  it('keep every file in a room', () => {
    const rooms = [...Object.keys(MAY_IMPORT), ...DOORS, 'cli'];
    expect(files.filter((path) => !rooms.includes(roomOf(path)))).toEqual([]);
  });

  it('reach node: modules only where a browser never comes', () => {
    const wrong = imports.filter(
      ({ from, to }) => to.startsWith('node:') && !NODE_PLACES.some((place) => place.test(from)),
    );
    expect(shown(wrong)).toEqual([]);
  });

  it('name .browser files and .node files only through #names', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        (/\.browser\.ts$/.test(to) && from !== 'train.ts') ||
        (/\.node\.ts$/.test(to) && !NODE_PLACES.some((p) => p.test(from))),
    );
    expect(shown(wrong)).toEqual([]);
  });

  it('name the same files by platform as package.json and vitest do', () => {
    const { imports: names } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const expected = Object.fromEntries(
      Object.entries(BY_PLATFORM).map(([name, [node, browser]]) => {
        const built = (path: string) => `./dist/${posix.basename(path, '.ts')}.js`;
        return [name, { node: built(node), default: built(browser) }];
      }),
    );
    expect(names).toEqual(expected);
    for (const paths of Object.values(BY_PLATFORM))
      expect(paths.filter((path) => !isInside(path))).toEqual([]);
  });
});

describe('the hearken entry', () => {
  const heavy = /^(train|models|experiments|cli)\/|^meyda|^@tensorflow|\/tensorflow\/|meyda-front-end/;

  it.each(['node', 'browser'] as const)('reaches no training, Meyda or TensorFlow.js (%s)', (platform) => {
    const reached = [...closureOf('index.ts', platform)];
    expect(reached).toContain('audio/wasm-front-end.ts');
    expect(reached).toContain('formats/model-file.ts');
    expect(reached.filter((path) => heavy.test(path))).toEqual([]);
  });
});

describe('every entry', () => {
  it.each(['index.ts', 'train.browser.ts', 'models.ts'])(
    '%s reaches no node: module in a browser',
    (door) => {
      const reached = [...closureOf(door, 'browser')];
      expect(reached.filter((path) => path.startsWith('node:'))).toEqual([]);
      expect([...closureOf('index.ts', 'node')]).toContain('node:fs/promises');
    },
  );

  it.each(DOORS)('%s reaches no command line', (door) => {
    expect([...closureOf(door, 'node')].filter((path) => roomOf(path) === 'cli')).toEqual([]);
  });
});

describe('a relative import in test', () => {
  it('never reaches into dist', () => {
    const tests = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.test.ts'),
    );
    const wrong = tests.filter((path) => {
      const folder = relative(join(root, 'test', dirname(path)), root)
        .split(sep)
        .join('/');
      return readFileSync(join(root, 'test', path), 'utf8').includes(`from '${folder}/dist/`);
    });
    expect(wrong).toEqual([]);
  });
});
