/** Who takes part: how each peer is installed and started. A peer that cannot be had says why and is left out. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, installPackages } from './packages.mjs';
import { startPeer } from './peer-process.mjs';

const script = (name) => fileURLToPath(new URL(`../peers/${name}`, import.meta.url));
const installer = fileURLToPath(new URL('../../scripts/install-tfjs-node.mjs', import.meta.url));

const ONNXRUNTIME = '1.30.0';
const TFJS = '4.22.0';

const STARTERS = {
  hearken: ({ node, sources }) => startPeer(node, [script('hearken-peer.mjs'), sources]),
  pytorch: ({ python, install }) => startPeer(pythonWithTorch(python, install), [script('pytorch-peer.py')]),
  'onnxruntime-node': (options) => onnxruntime('onnxruntime-node', options),
  'onnxruntime-web': (options) => onnxruntime('onnxruntime-web', options),
  'tfjs-wasm': (options) => tfjs('wasm', options),
  'tfjs-cpu': (options) => tfjs('cpu', options),
  'tfjs-node': tfjsNode,
};

function onnxruntime(name, { node, install }) {
  // The native library comes with the package; its script would only fetch what a GPU needs.
  const env = { ONNXRUNTIME_NODE_INSTALL: 'skip', ONNXRUNTIME_NODE_INSTALL_CUDA: 'skip' };
  const folder = installPackages(name, [`${name}@${ONNXRUNTIME}`], { install, env });
  return startPeer(node, [script('onnxruntime-peer.mjs'), name, folder]);
}

function tfjs(backend, { node, install }) {
  const packages = ['core', 'converter', 'backend-wasm', 'backend-cpu'].map(
    (part) => `@tensorflow/tfjs-${part}@${TFJS}`,
  );
  return startPeer(node, [script('tfjs-peer.mjs'), backend, installPackages('tfjs', packages, { install })]);
}

function tfjsNode({ node, install, sources, threads }) {
  const env = {
    TF_CPP_MIN_LOG_LEVEL: '2',
    TF_NUM_INTRAOP_THREADS: String(threads),
    TF_NUM_INTEROP_THREADS: '1',
    OMP_NUM_THREADS: String(threads),
  };
  return startPeer(node, [script('tfjs-node-peer.mjs'), tfjsNodePackage(install), sources], env);
}

/** The folder of the package: `HEARKEN_TFJS`, or what the project's installer finds or makes. */
function tfjsNodePackage(install) {
  if (process.env.HEARKEN_TFJS) return process.env.HEARKEN_TFJS;
  if (!existsSync(installer))
    throw new Error('not installed: this checkout has no scripts/install-tfjs-node.mjs');
  if (!install) throw new Error('HEARKEN_TFJS names no installation, and --no-install was given');
  console.error('Installing @tensorflow/tfjs-node, unless it is there …');
  const { status, stdout, stderr } = spawnSync(process.execPath, [installer], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`its installer failed: ${stderr.trim().split('\n').at(-1)}`);
  return stdout.trim().split('\n').at(-1);
}

const hasTorch = (python) => spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0;

/** The Python that was named if it has torch, else one of our own with PyTorch from PyPI (some gigabytes, once). */
function pythonWithTorch(named, install) {
  if (hasTorch(named)) return named;
  const folder = join(cacheFolder, 'pytorch');
  const own = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python3');
  if (hasTorch(own)) return own;
  if (!install) throw new Error(`no torch in ${named}, and --no-install was given`);
  console.error(`Installing torch in ${folder} …`);
  for (const [command, ...args] of [
    [named, '-m', 'venv', folder],
    [own, '-m', 'pip', 'install', '--quiet', 'torch', 'numpy'],
  ]) {
    const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0)
      throw new Error(
        `no torch in ${named}, and installing it failed: ${error ?? stderr.trim().split('\n').at(-1)}`,
      );
  }
  return own;
}

/**
 * Peers started when first asked for and kept for the next network. `options`: node, python, sources, install.
 * `skipped` tells by name why a peer is missing.
 */
export function peerPool(options) {
  const running = new Map();
  const skipped = new Map();
  return {
    skipped,
    /** Sends a peer its task; undefined if it cannot take part. tfjs-node fixes its threads when it starts. */
    async load(name, command) {
      const key = name === 'tfjs-node' ? `${name} ${command.threads}` : name;
      try {
        if (!running.has(key)) running.set(key, STARTERS[name]({ ...options, threads: command.threads }));
        const peer = running.get(key);
        const answer = await peer.ask({ do: 'load', ...command });
        return { ...answer, run: (seconds) => peer.ask({ do: 'run', slot: command.slot, seconds }) };
      } catch (error) {
        skipped.set(`${name}, ${command.task}`, error.message);
        return undefined;
      }
    },
    close() {
      for (const peer of running.values()) peer.close();
    },
  };
}
