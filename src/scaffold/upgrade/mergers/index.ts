import type { Merged, Merger, Versions } from '../merger.ts';
import { compose } from './compose.ts';
import { lines } from './lines.ts';
import { lockFile } from './lock-file.ts';
import { manifest } from './manifest.ts';

/** The first that takes a file and can make something of it merges it: what is more general comes later. */
const MERGERS: readonly Merger[] = [lockFile, manifest, compose, lines];

export function mergeText(path: string, versions: Versions): Merged {
  for (const merger of MERGERS) {
    const merged = merger.takes(path) ? merger.merge(versions) : undefined;
    if (merged !== undefined) return merged;
  }
  throw new Error('the last merger takes every text');
}
