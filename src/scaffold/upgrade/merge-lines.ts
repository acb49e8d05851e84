import { diff3MergeRegions, diffIndices } from 'node-diff3';
import type { Merged, Versions } from './merger.ts';

/** Where comparing would take more than a second: lines of one, times lines of the other. */
const MOST_COMPARISONS = 1e8;

/** Lines that stand in the result, or two ways that they could be. */
type Region = { lines: string[] } | { mine: string[]; theirs: string[] };

/**
 * Brings two changes of a text together line by line. What both have changed in another way stands there twice, between the
 * marks that git uses; without a base that is all in which the two differ.
 */
export function mergeLines({ base, mine, theirs, label }: Versions): Merged {
  const [a, b] = [mine.split('\n'), theirs.split('\n')];
  const regions = base === undefined ? compared(a, b) : mergedRegions(a, base.split('\n'), b);
  const conflicts = regions.filter((region) => 'mine' in region).length;
  const lines = regions.flatMap((region) =>
    'lines' in region
      ? region.lines
      : ['<<<<<<< yours', ...region.mine, '=======', ...region.theirs, `>>>>>>> template ${label}`],
  );
  return { text: lines.join('\n'), conflicts };
}

function mergedRegions(a: string[], o: string[], b: string[]): Region[] {
  if (o.length * Math.max(a.length, b.length) > MOST_COMPARISONS) return compared(a, b);
  return diff3MergeRegions(a, o, b).map((region): Region => {
    if (region.stable) return { lines: (region as { bufferContent: string[] }).bufferContent };
    const { aContent, bContent } = region as { aContent: string[]; bContent: string[] };
    // Both did the same.
    if (isSame(aContent, bContent)) return { lines: aContent };
    return { mine: aContent, theirs: bContent };
  });
}

/** Two texts without what they were: equal lines, and the two sides of each difference. */
function compared(a: string[], b: string[]): Region[] {
  const start = firstDifference(a, b);
  const end = firstDifference(a.slice(start).reverse(), b.slice(start).reverse());
  const [mine, theirs] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const regions: Region[] = [{ lines: a.slice(0, start) }];
  if (mine.length * theirs.length > MOST_COMPARISONS) regions.push({ mine, theirs });
  else regions.push(...comparedInside(mine, theirs));
  regions.push({ lines: a.slice(a.length - end) });
  return regions;
}

function comparedInside(a: string[], b: string[]): Region[] {
  const regions: Region[] = [];
  let at = 0;
  for (const { buffer1, buffer1Content, buffer2Content } of diffIndices(a, b)) {
    const [start = 0, length = 0] = buffer1 as number[];
    regions.push({ lines: a.slice(at, start) });
    regions.push({ mine: buffer1Content as string[], theirs: buffer2Content as string[] });
    at = start + length;
  }
  return [...regions, { lines: a.slice(at) }];
}

function firstDifference(a: string[], b: string[]): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index += 1) if (a[index] !== b[index]) return index;
  return shorter;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}
