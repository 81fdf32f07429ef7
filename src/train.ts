/**
 * Training and evaluation: data sets, recipes, the trainer, metrics. What touches a disk is for Node alone; a browser
 * gets the rest (`train.browser.ts`).
 * @module hearken/train
 */
export { readModelFile } from './formats/files/read-model-file.js';
export { writeModelFile } from './formats/files/write-model-file.js';
export { type CheckpointFile, openCheckpointFile } from './train/files/checkpoint-file.js';
export { loadClips, loadDataSet } from './train/files/load-clips.js';
export { type OpenDataSetOptions, openDataSet } from './train/files/open-data-set.js';
export * from './train.browser.js';
