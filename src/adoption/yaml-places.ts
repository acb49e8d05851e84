import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { Place } from '../model/adoption.ts';

/** A YAML file of others as plain data, and where each value stands in it. */
export interface PlacedYaml {
  data: unknown;
  /** The place of a value, or of the nearest thing around it: what an anchor or a merge gives stands elsewhere. */
  at(path: readonly (string | number)[]): Place;
}

/** `undefined` where the text is no YAML. */
export function placedYaml(file: string, text: string): PlacedYaml | undefined {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      merge: true,
      uniqueKeys: false,
      logLevel: 'silent',
    });
    if (document.errors.length > 0) return undefined;
    return {
      data: document.toJS({ maxAliasCount: 1000 }),
      at: (path) => ({ file, line: lines.linePos(offsetOf(document, path)).line }),
    };
  } catch {
    return undefined;
  }
}

function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const key = parent.items.find(
        ({ key }) => String(isNode(key) ? key.toJSON() : key) === String(last),
      )?.key;
      if (isNode(key) && key.range) return key.range[0];
    } else {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
  }
  return 0;
}
