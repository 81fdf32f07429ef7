/**
 * Installs @tensorflow/tfjs-node without its own installer, which fetches libtensorflow from a host that many networks block.
 *
 *     node scripts/install-tfjs-node.mjs [FOLDER]        default: .cache/hearken/tfjs-node in the home folder
 *
 * The package comes from npm with its scripts left alone; the library and its headers come out of a wheel of tensorflow-cpu on
 * PyPI (187 MB, kept unpacked in .cache/hearken for the next time); the addon between them is compiled here. What a run has
 * finished the next one finds: after an interruption, run it again. Prints the package's folder, for HEARKEN_TFJS.
 *
 * Needs Linux on x86-64 with glibc, g++ and Python 3 with pip (CXX, PYTHON: others than those of the path).
 * HEARKEN_CACHE: another folder than .cache/hearken. TENSORFLOW_WHEEL: a wheel on this machine, of the same bytes.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';

const PACKAGES = ['@tensorflow/tfjs-node@4.22.0', 'node-api-headers@1.5.0'];
/** The addon is written for TensorFlow's C interface of 2.9; that of 2.13 has it whole. */
const WHEEL = {
  requirement: 'tensorflow-cpu==2.13.1',
  sha256: '87be6e61314b2c0fa062f71e26e41d6a17e162ffe4da72c820fe8f1fc94d97fe',
  // Any Python may fetch it: it is unzipped, never installed.
  platform: ['--implementation', 'cp', '--python-version', '3.11', '--platform', 'manylinux_2_17_x86_64'],
};
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

const { CXX = 'g++', PYTHON = 'python3' } = process.env;
const cacheFolder = resolve(process.env.HEARKEN_CACHE || join(homedir(), '.cache', 'hearken'));

class InstallError extends Error {
  exitCode = 1;
}

/** What the machine or its network lacks: nothing is wrong with the installation. */
class UnavailableError extends InstallError {
  exitCode = 3;
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

/** Runs a program to its end. @throws InstallError (`Fault`) with the last line of what it complained of. */
function run(what, command, args, { Fault = InstallError, ...options } = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (status === 0) return stdout.trim();
  const lines = `${stderr ?? ''}`.trim().split('\n');
  throw new Fault(`Cannot ${what}: ${error?.message ?? lines.at(-1)}`);
}

function checkPlatform() {
  const { platform, arch } = process;
  const glibc = platform === 'linux' && process.report.getReport().header.glibcVersionRuntime;
  if (platform === 'linux' && arch === 'x64' && glibc) return;
  const here = `${platform} ${arch}${platform === 'linux' && !glibc ? ' without glibc' : ''}`;
  throw new UnavailableError(
    `Cannot install tfjs-node: expected linux x64 with glibc, got ${here}; elsewhere try "npm install @tensorflow/tfjs-node"`,
  );
}

function checkTools() {
  const tools = [
    [CXX, ['--version'], 'a C++ compiler (g++; Debian: apt-get install g++), or CXX to name one'],
    [
      PYTHON,
      ['-m', 'pip', '--version'],
      'Python 3 with pip (Debian: apt-get install python3-pip), or PYTHON to name one',
    ],
    ['npm', ['--version'], 'npm'],
  ];
  for (const [command, args, wanted] of tools) {
    const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status === 0) continue;
    const got = error ? `no ${command}` : `${command} that fails: ${stderr.trim().split('\n').at(-1)}`;
    throw new UnavailableError(`Cannot install tfjs-node: expected ${wanted}, got ${got}`);
  }
}

function installPackages(folder) {
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'package.json')))
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  say(`Installing ${PACKAGES.join(', ')} in ${folder} …`);
  // Its install script would delete what is put beside it here.
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...PACKAGES];
  run('install the packages from npm', 'npm', args, { cwd: folder, Fault: UnavailableError });
}

async function sha256Of(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** The wheel's path: named by the user, left by a run that was stopped, or fetched now; its checksum is right. */
async function fetchWheel() {
  const named = process.env.TENSORFLOW_WHEEL;
  const folder = join(cacheFolder, 'wheel');
  mkdirSync(folder, { recursive: true });
  const isThere = () => readdirSync(folder).filter((name) => name.endsWith('.whl'));
  for (const file of named ? [named] : isThere().map((name) => join(folder, name))) {
    const found = await sha256Of(file);
    if (found === WHEEL.sha256) return file;
    if (named) throw new InstallError(`Cannot use ${named}: expected SHA-256 ${WHEEL.sha256}, got ${found}`);
    rmSync(file);
  }
  const list = join(folder, 'requirements.txt');
  writeFileSync(list, `${WHEEL.requirement} --hash=sha256:${WHEEL.sha256}\n`);
  say(`Downloading the wheel of ${WHEEL.requirement} (187 MB) …`);
  const [, major, minor] = /^pip (\d+)\.(\d+)/
    .exec(run('ask pip', PYTHON, ['-m', 'pip', '--version']))
    .map(Number);
  // From that version on pip goes on with a download that broke off.
  const resumes = major > 25 || (major === 25 && minor >= 1) ? ['--resume-retries', '10'] : [];
  const args = [
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-cache-dir',
    '--no-deps',
    '--require-hashes',
    '--only-binary=:all:',
  ];
  args.push(...resumes, ...WHEEL.platform, '--dest', folder, '--requirement', list);
  run('download the wheel from PyPI', PYTHON, args, { Fault: UnavailableError });
  return join(folder, isThere()[0]);
}

/** Takes the two libraries and the C headers out of the wheel: argv is wheel, folder, names of the libraries. */
const UNPACK = `
import pathlib, shutil, sys, zipfile
wheel, target, *libraries = sys.argv[1:]
def wanted(path):
    if path.parent.name == 'tensorflow' and path.name in libraries:
        return 'lib/' + path.name
    text = path.as_posix()
    is_c = '/tensorflow/c/' in text or '/tsl/c/' in text or path.name.startswith('ctstring')
    if path.suffix == '.h' and is_c and text.startswith('tensorflow/include/'):
        return text[len('tensorflow/'):]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        place = wanted(pathlib.PurePosixPath(name))
        if place:
            file = pathlib.Path(target, place)
            file.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, file.open('wb') as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
`;

/** The folder of libtensorflow: `lib` and `include`. It is there whole or not at all. */
async function libtensorflow() {
  const folder = join(cacheFolder, `libtensorflow-${WHEEL.requirement.split('==')[1]}`);
  if (existsSync(folder)) return folder;
  const wheel = await fetchWheel();
  say('Unpacking libtensorflow …');
  const beside = `${folder}.${process.pid}`;
  try {
    run('unpack the wheel', PYTHON, ['-c', UNPACK, wheel, beside, ...LIBRARIES]);
    for (const part of [
      ...LIBRARIES.map((name) => join('lib', name)),
      join('include', 'tensorflow', 'c', 'c_api.h'),
    ])
      if (!existsSync(join(beside, part)))
        throw new InstallError(`Cannot unpack the wheel: expected ${part}, got none`);
    // Another run may have been faster.
    if (!existsSync(folder)) renameSync(beside, folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  if (wheel !== process.env.TENSORFLOW_WHEEL) rmSync(dirname(wheel), { recursive: true, force: true });
  return folder;
}

/** Compiles the addon to where the package looks for it. */
function compileAddon(packageFolder, library) {
  const { binary } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  const version = Math.min(Math.max(...binary.napi_versions), Number(process.versions.napi));
  const addon = join(packageFolder, 'lib', `napi-v${version}`, `${binary.module_name}.node`);
  say('Compiling the addon …');
  mkdirSync(dirname(addon), { recursive: true });
  const headers = join(packageFolder, '..', '..', 'node-api-headers', 'include');
  const args = [
    '-std=c++17',
    '-O2',
    '-fPIC',
    '-shared',
    `-DNAPI_VERSION=${version}`,
    '-DBUILDING_NODE_EXTENSION',
  ];
  args.push(`-I${headers}`, `-I${join(library, 'include')}`);
  args.push(...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join('binding', name)));
  args.push(
    `-L${join(library, 'lib')}`,
    `-Wl,-rpath,${join(library, 'lib')}`,
    ...LIBRARIES.map((name) => `-l:${name}`),
  );
  run('compile the addon', CXX, [...args, '-o', `${addon}.new`], { cwd: packageFolder });
  renameSync(`${addon}.new`, addon);
}

/** A matrix product and the gradient of a convolution; prints the versions. */
const TRIAL = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value == null;
const tf = require(process.argv[1]);
const product = tf.matMul([[1, 2], [3, 4]], [[5, 6], [7, 8]]).dataSync().join();
const map = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
const slope = tf.grad((w) => tf.conv2d(map, w, 1, 'valid').square())(tf.ones([1, 1, 1, 1])).dataSync()[0];
if (product !== '19,22,43,50' || slope !== 60) throw new Error('wrong numbers: ' + product + '; ' + slope);
if (tf.getBackend() !== 'tensorflow') throw new Error('the backend ' + tf.getBackend());
console.log('tfjs-node ' + tf.version['tfjs-node'] + ' on libtensorflow ' + tf.backend().binding.TF_Version);
`;

/** Computes with it. @throws InstallError if it does not load or computes something else. */
function verify(packageFolder) {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  return run('compute with tfjs-node', process.execPath, ['-e', TRIAL, packageFolder], { env });
}

async function install(folder) {
  checkPlatform();
  const packageFolder = join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
  if (!existsSync(packageFolder) || !tryVerify(packageFolder)) {
    checkTools();
    installPackages(folder);
    compileAddon(packageFolder, await libtensorflow());
  }
  say(`${verify(packageFolder)}, Node ${process.version}: works`);
  process.stdout.write(`${packageFolder}\n`);
}

function tryVerify(packageFolder) {
  try {
    return Boolean(verify(packageFolder));
  } catch {
    return false;
  }
}

const args = process.argv.slice(2);
if (args.length > 1 || args[0]?.startsWith('-')) {
  say('Usage: node scripts/install-tfjs-node.mjs [FOLDER]');
  process.exit(args[0] === '--help' ? 0 : 2);
}
try {
  await install(resolve(args[0] ?? join(cacheFolder, 'tfjs-node')));
} catch (error) {
  if (!(error instanceof InstallError)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}
