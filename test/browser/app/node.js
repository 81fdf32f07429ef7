/** The same tasks under Node: prints what they give as one JSON value. */
import { readFile } from 'node:fs/promises';
import { recognizeClip, trainStep } from './tasks.js';

const read = (path) => readFile(new URL(`node_modules/hearken/${path}`, import.meta.url));
const scores = await recognizeClip(read);
console.log(JSON.stringify({ scores, ...(await trainStep(read, { threads: 1 })) }));
