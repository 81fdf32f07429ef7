/** The same tasks under Node: prints what they give as one JSON value. */
import { readFile } from 'node:fs/promises';
import { recognizeClip, trainStep, trainWords } from './tasks.js';

const read = (path) => readFile(new URL(`node_modules/hearken/${path}`, import.meta.url));
const scores = await recognizeClip(read);
const step = await trainStep(read, { threads: 1 });
const { digest } = await trainWords(read, { threads: 1 });
console.log(JSON.stringify({ scores, ...step, digest }));
