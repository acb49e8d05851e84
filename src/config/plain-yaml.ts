import {
  COLLECTION_STYLE,
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
 * What a YAML text says, where it says it plainly: one mapping, without tags, merges and directives, in which nothing is
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
    const aliases: FieldPath[] = [];
    const isPlain = judge(text, events, maxValues, {
      onPlain(path, start, end) {
        if (isText(path)) texts.push({ path, source: text.slice(start, end) });
      },
      onAlias: (path) => aliases.push(path),
    });
    if (!isPlain) return undefined;
    const [data] = constructFromEvents(events, {
      source: text,
      schema: exactNumbers ? EXACT_SCHEMA : SCHEMA,
    });
    const copier = new Copier(maxValues - events.length, isText);
    // In their order: what one stands for has others of its own replaced already.
    for (const path of aliases) replace(data, path, (value) => copier.copy(value, path));
    // What is left empty stays that.
    for (const { path, source } of texts) replace(data, path, (value) => (value === null ? null : source));
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

function replace(data: unknown, path: FieldPath, change: (value: unknown) => unknown): void {
  let around = data as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) around = around[part] as typeof around;
  const last = path.at(-1) as string | number;
  around[last] = change(around[last]);
}

/** Copies what aliases stand for: nobody who changes one of two values changes the other. */
class Copier {
  readonly #isText: PlainLimits['isText'];
  #left: number;

  constructor(atMost: number, isText: PlainLimits['isText']) {
    this.#left = atMost;
    this.#isText = isText;
  }

  copy(value: unknown, path: FieldPath): unknown {
    this.#left -= 1;
    if (this.#left < 0) throw new NotPlain();
    if (Array.isArray(value)) return value.map((item, index) => this.copy(item, [...path, index]));
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== null) {
      // How it is written is not known here any more.
      if (this.#isText(path)) throw new NotPlain();
      return value;
    }
    const copied: Record<string, unknown> = Object.create(null);
    for (const [key, item] of Object.entries(value)) copied[key] = this.copy(item, [...path, key]);
    return copied;
  }
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

interface Listener {
  /** Told of each value without quotes, and where it stands in the text. */
  onPlain(path: FieldPath, start: number, end: number): void;
  onAlias(path: FieldPath): void;
}

/** The two parsers agree on texts that pass this, as far as millions of them have shown. */
function judge(
  text: string,
  events: readonly Event[],
  maxValues: number,
  { onPlain, onAlias }: Listener,
): boolean {
  const [document, top] = events;
  if (document?.type !== EVENT_ID.DOCUMENT || top?.type !== EVENT_ID.MAPPING) return false;
  if (events.length > maxValues) return false;
  const around: Around[] = [];
  const anchors = new Set<string>();
  /** Where the last scalar ended, before a quote behind it. */
  let end = 0;
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) continue;
    if (event.type === EVENT_ID.POP) {
      around.pop();
      continue;
    }
    const parent = around.at(-1);
    const isValue = parent?.isMapping === true && parent.atValue;
    const isKey = parent?.isMapping === true && !parent.atValue;
    if (parent?.isMapping) parent.atValue = !parent.atValue;
    else if (parent !== undefined) parent.at = Number(parent.at) + 1;
    const path = () => around.map(({ at }) => at);
    if (event.type === EVENT_ID.ALIAS) {
      if (isKey || !ENDS_NAME.test(text.slice(event.anchorEnd, event.anchorEnd + 1))) return false;
      // The mark of an alias stands before its name.
      const gap = gapBetween(text, end, event.anchorStart - 1);
      if (RUN_TOGETHER.test(gap) || (isValue && gap.includes('\n'))) return false;
      onAlias(path());
      end = event.anchorEnd;
      continue;
    }
    if (event.tagStart !== NOWHERE) return false;
    if (event.anchorStart !== NOWHERE) {
      const name = text.slice(event.anchorStart, event.anchorEnd);
      if (isKey || parent === undefined || anchors.has(name) || !isPlainAnchor(text, event)) return false;
      anchors.add(name);
    }
    if (event.type !== EVENT_ID.SCALAR) {
      around.push({ isMapping: event.type === EVENT_ID.MAPPING, atValue: false, at: NOWHERE });
      continue;
    }
    const { valueStart, valueEnd, style } = event;
    if (valueStart === NOWHERE) {
      if (event.anchorStart !== NOWHERE) return false;
      continue;
    }
    if (style === SCALAR_STYLE.FOLDED_BLOCK) return false;
    const isBlock = style === SCALAR_STYLE.LITERAL_BLOCK;
    if (!isBlock && text.slice(valueStart, valueEnd).includes('\n')) return false;
    const isQuoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
    const gap = gapBetween(text, end, isQuoted ? valueStart - 1 : valueStart);
    if (RUN_TOGETHER.test(gap)) return false;
    if (isBlock && (!BLOCK_HEADER.test(gap) || BLANKS.test(text.slice(valueStart, valueEnd)))) return false;
    // A value stands on the line of its key.
    if (isValue && !isBlock && gap.includes('\n')) return false;
    if (isKey) (parent as Around).at = getScalarValue(text, event);
    else if (style === SCALAR_STYLE.PLAIN) onPlain(path(), valueStart, valueEnd);
    end = valueEnd;
  }
  return true;
}

/** What stands between two values, without comments and anchors. */
function gapBetween(text: string, end: number, start: number): string {
  const gap = text.slice(end, start);
  const said = gap.includes('#') ? gap.replace(COMMENT, '$1') : gap;
  return said.includes('&') ? said.replace(ANCHOR, '$1') : said;
}

/** An anchor behind its key or dash, and before what is clearly its value. */
function isPlainAnchor(
  text: string,
  event: { type: number; anchorStart: number; anchorEnd: number; style: number },
): boolean {
  const { type, anchorStart, anchorEnd, style } = event;
  if (!NAME.test(text.slice(anchorStart, anchorEnd))) return false;
  // The mark of an anchor stands before its name.
  if (!BEFORE_ANCHOR.test(text.slice(Math.max(0, anchorStart - 3), anchorStart - 1))) return false;
  const isBlockCollection = type !== EVENT_ID.SCALAR && style === COLLECTION_STYLE.BLOCK;
  return (isBlockCollection ? /^ *\n/ : /^ [^ \n#&*!]/).test(text.slice(anchorEnd, anchorEnd + 200));
}

const NAME = /^[A-Za-z0-9_-]+$/;
const BEFORE_ANCHOR = /[:,-] $/;
const ANCHOR = /([:,-] )&[A-Za-z0-9_-]+(?=[ \n])/g;
const ENDS_NAME = /^(?:[ \n,\]}]|$)/;

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
