/** The networks for images of all other papers. */
import { describeOriginals, originals } from '../support/originals.js';

describeOriginals(originals((family) => !['big-little', 'resnet'].includes(family)));
