/** The Big-Little networks and ResNets of the papers: a file of their own, so that two workers share the time. */
import { describeOriginals, originals } from '../support/originals.js';

describeOriginals(originals((family) => ['big-little', 'resnet'].includes(family)));
