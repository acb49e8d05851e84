import { servicesPart } from '../../compose-services.ts';
import { mergeLines } from '../merge-lines.ts';
import type { Merger } from '../merger.ts';

/** The compose file: the part of the services is written anew afterwards, so that what stands in it differs for nobody. */
export const compose: Merger = {
  takes: (path) => /(^|\/)(docker-)?compose\.ya?ml$/.test(path),
  merge({ base, mine, theirs, label }) {
    const own = servicesPart(mine);
    if (own === undefined) return undefined;
    const empty = (text: string) => {
      const part = servicesPart(text);
      return part === undefined ? text : text.slice(0, part.from) + text.slice(part.to);
    };
    const merged = mergeLines({
      base: base === undefined ? undefined : empty(base),
      mine: empty(mine),
      theirs: empty(theirs),
      label,
    });
    const part = servicesPart(merged.text);
    if (part === undefined) return undefined;
    const text = merged.text.slice(0, part.from) + mine.slice(own.from, own.to) + merged.text.slice(part.to);
    return { ...merged, text };
  },
};
