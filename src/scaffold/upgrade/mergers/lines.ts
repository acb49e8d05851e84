import { mergeLines } from '../merge-lines.ts';
import type { Merger } from '../merger.ts';

/** Every text. */
export const lines: Merger = { takes: () => true, merge: mergeLines };
