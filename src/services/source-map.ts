import { decode, encode, type SourceMapSegment } from '@jridgewell/sourcemap-codec';

interface SourceMap {
  version: number;
  sources: string[];
  sourcesContent?: (string | null)[];
  names: string[];
  mappings: string;
}

const PACKAGE = /(^|\/)node_modules\//;

/**
 * A source map with the stack's own files alone: nobody looks for mistakes in packages, and the map is a twentieth.
 * Node reads it at each start, and decodes it at the first stack trace.
 */
export function ownSources(text: string): string {
  const map = JSON.parse(text) as SourceMap;
  const kept = map.sources.flatMap((source, index) => (PACKAGE.test(source) ? [] : [index]));
  const places = new Map(kept.map((index, place) => [index, place]));
  const own = (segments: SourceMapSegment[]): SourceMapSegment[] => {
    const left: SourceMapSegment[] = [];
    for (const [column, source, ...place] of segments) {
      const index = source === undefined ? undefined : places.get(source);
      const [line, original] = place;
      if (index !== undefined && line !== undefined && original !== undefined)
        left.push([column, index, line, original]);
      // Where code of others begins, ours ends.
      else if (left.at(-1)?.length !== 1) left.push([column]);
    }
    return left;
  };
  return JSON.stringify({
    version: map.version,
    sources: kept.map((index) => map.sources[index]),
    sourcesContent: kept.map((index) => map.sourcesContent?.[index] ?? null),
    names: [],
    mappings: encode(decode(map.mappings).map(own)),
  });
}
