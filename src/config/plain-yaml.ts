import {
  CORE_SCHEMA,
  constructFromEvents,
  defineMappingTag,
  defineScalarTag,
  EVENT_ID,
  type Event,
  floatCoreTag,
  getScalarValue,
  intCoreTag,
  NOT_RESOLVED,
  parseEvents,
  SCALAR_STYLE,
} from 'js-yaml';
import type { ExactNumber } from '../json.ts';
import { exactNumber } from './exact-number.ts';
import type { FieldPath } from './mistake.ts';

/** Something that is left to the parser which can say what is wrong, and where. */
class NotPlain extends Error {}

export interface PlainLimits {
  maxValues: number;
  exactNumbers: boolean;
  isText(path: FieldPath): boolean;
}

/**
 * What a YAML text says, where it says it plainly: one mapping, without anchors, tags and directives, in which nothing is
 * to be told. Takes a fifth of the time of the parser with positions, whose `data` it gives exactly.
 *
 * @returns `undefined` where the text is not as plain as that, whatever is the matter
 */
export function parsePlainYaml(
  text: string,
  { maxValues, exactNumbers, isText }: PlainLimits,
): Record<string, unknown> | undefined {
  try {
    if (UNUSUAL.test(text)) return undefined;
    const events = parseEvents(text, {});
    const texts: Written[] = [];
    const isPlain = judge(text, events, maxValues, (path, start, end) => {
      if (isText(path)) texts.push({ path, source: text.slice(start, end) });
    });
    if (!isPlain) return undefined;
    const [data] = constructFromEvents(events, {
      source: text,
      schema: exactNumbers ? EXACT_SCHEMA : SCHEMA,
    });
    for (const each of texts) write(data, each);
    return data as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** A value that is text whatever it looks like. */
interface Written {
  path: FieldPath;
  source: string;
}

/** What is left empty stays that. */
function write(data: unknown, { path, source }: Written): void {
  let around = data as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) around = around[part] as typeof around;
  const last = path.at(-1) as string | number;
  if (around[last] !== null) around[last] = source;
}

const NOWHERE = -1;
/**
 * What parsers see differently: tabs, carriage returns, marks of Unicode that end lines or are not seen, and marks of
 * documents; and the marks that git leaves in a file with conflicts.
 */
const UNUSUAL = /[^\n -~\u00A1-\u1FFF\u2010-\u2027\u2030-\uFEFE\uFF01-\uFFEF]|^ *(?:---|\.\.\.)|^<{7}/m;
const COMMENT = /(^|[ \n])#[^\n]*/g;
const BLOCK_HEADER = /\|-?\n$/;
const BLANKS = /^\n|^ +$/m;
/** The end of something, and something else behind it on its line. */
const RUN_TOGETHER = /["'\]}] *(?:$|[^ \n,:\]}])/;

/** A collection around what is read, and the key or the index that it is read at. */
interface Around {
  isMapping: boolean;
  atValue: boolean;
  at: string | number;
}

/**
 * The two parsers agree on texts that pass this, as far as millions of them have shown.
 *
 * @param onPlain is told of each value without quotes, and where it stands in the text
 */
function judge(
  text: string,
  events: readonly Event[],
  maxValues: number,
  onPlain: (path: FieldPath, start: number, end: number) => void,
): boolean {
  const [document, top] = events;
  if (document?.type !== EVENT_ID.DOCUMENT || top?.type !== EVENT_ID.MAPPING) return false;
  if (events.length > maxValues) return false;
  const around: Around[] = [];
  /** Where the last scalar ended, before a quote behind it. */
  let end = 0;
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) continue;
    if (event.type === EVENT_ID.ALIAS) return false;
    if (event.type === EVENT_ID.POP) {
      around.pop();
      continue;
    }
    if (event.anchorStart !== NOWHERE || event.tagStart !== NOWHERE) return false;
    const parent = around.at(-1);
    const isValue = parent?.isMapping === true && parent.atValue;
    if (parent?.isMapping) parent.atValue = !parent.atValue;
    else if (parent !== undefined) parent.at = Number(parent.at) + 1;
    if (event.type !== EVENT_ID.SCALAR) {
      around.push({ isMapping: event.type === EVENT_ID.MAPPING, atValue: false, at: NOWHERE });
      continue;
    }
    const { valueStart, valueEnd, style } = event;
    if (valueStart === NOWHERE) continue;
    if (parent?.isMapping && !isValue) parent.at = getScalarValue(text, event);
    else if (style === SCALAR_STYLE.PLAIN)
      onPlain(
        around.map(({ at }) => at),
        valueStart,
        valueEnd,
      );
    if (style === SCALAR_STYLE.FOLDED_BLOCK) return false;
    const isBlock = style === SCALAR_STYLE.LITERAL_BLOCK;
    if (!isBlock && text.slice(valueStart, valueEnd).includes('\n')) return false;
    const isQuoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
    let gap = text.slice(end, isQuoted ? valueStart - 1 : valueStart);
    if (gap.includes('#')) gap = gap.replace(COMMENT, '$1');
    if (RUN_TOGETHER.test(gap)) return false;
    if (isBlock && (!BLOCK_HEADER.test(gap) || BLANKS.test(text.slice(valueStart, valueEnd)))) return false;
    // A value stands on the line of its key.
    if (isValue && !isBlock && gap.includes('\n')) return false;
    end = valueEnd;
  }
  return true;
}

/** Without a prototype, as all mappings of a document: `constructor` is a key like any other. */
const mapping = defineMappingTag<Record<string, unknown>>('tag:yaml.org,2002:map', {
  create: () => Object.create(null),
  addPair(carrier, key, value) {
    // A key that is written as a number is the text that it is written as, which is not known here any more.
    if (typeof key !== 'string' || key === '<<' || key === '__proto__' || key in carrier)
      throw new NotPlain();
    carrier[key] = value;
    return '';
  },
  has: (carrier, key) => String(key) in carrier,
  keys: (carrier) => Object.keys(carrier),
  get: (carrier, key) => carrier[String(key)],
  identify: () => false,
});

const integer = (isExact: boolean) =>
  defineScalarTag<ExactNumber>('tag:yaml.org,2002:int', {
    ...intCoreTag,
    resolve(source, isExplicit, name) {
      const value = intCoreTag.resolve(source, isExplicit, name);
      if (typeof value !== 'number') return value;
      if (!Number.isSafeInteger(value)) throw new NotPlain();
      return isExact ? exactNumber(source, value) : value;
    },
  });

const float = (isExact: boolean) =>
  defineScalarTag<ExactNumber>('tag:yaml.org,2002:float', {
    ...floatCoreTag,
    resolve(source, isExplicit, name) {
      const value = floatCoreTag.resolve(source, isExplicit, name);
      // What is beyond all numbers is a text here, and infinite there.
      if (value === NOT_RESOLVED && Math.abs(Number(source)) === Number.POSITIVE_INFINITY)
        throw new NotPlain();
      return isExact && typeof value === 'number' ? exactNumber(source, value) : value;
    },
  });

const SCHEMA = CORE_SCHEMA.withTags(mapping, integer(false), float(false));
const EXACT_SCHEMA = CORE_SCHEMA.withTags(mapping, integer(true), float(true));
