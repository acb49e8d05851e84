import {
  CORE_SCHEMA,
  constructFromEvents,
  defineMappingTag,
  defineScalarTag,
  EVENT_ID,
  type Event,
  floatCoreTag,
  intCoreTag,
  NOT_RESOLVED,
  parseEvents,
  SCALAR_STYLE,
} from 'js-yaml';

/** Something that is left to the parser which can say what is wrong, and where. */
class NotPlain extends Error {}

/**
 * What a YAML text says, where it says it plainly: one mapping, without anchors, tags and directives, in which nothing is
 * to be told. Takes a fifth of the time of `parseStackDocument`, whose `data` it gives exactly.
 *
 * @returns `undefined` where the text is not as plain as that, whatever is the matter
 */
export function parsePlainYaml(
  text: string,
  { maxValues }: { maxValues: number },
): Record<string, unknown> | undefined {
  try {
    if (UNUSUAL.test(text)) return undefined;
    const events = parseEvents(text, {});
    if (!isPlain(text, events, maxValues)) return undefined;
    const [data] = constructFromEvents(events, { source: text, schema: SCHEMA });
    return data as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

const NOWHERE = -1;
/** What parsers see differently: tabs, carriage returns, marks of Unicode that end lines or are not seen, and marks of documents. */
const UNUSUAL = /[^\n -~\u00A1-\u1FFF\u2030-\uFEFE\uFF01-\uFFEF]|^ *(?:---|\.\.\.)/m;
const COMMENT = /(^|[ \n])#[^\n]*/g;
const BLOCK_HEADER = /\|-?\n$/;
const BLANKS = /^\n|^ +$/m;
/** The end of something, and something else behind it on its line. */
const RUN_TOGETHER = /["'\]}] *(?:$|[^ \n,:\]}])/;

/** The two parsers agree on texts that pass this, as far as millions of them have shown. */
function isPlain(text: string, events: readonly Event[], maxValues: number): boolean {
  const [document, top] = events;
  if (document?.type !== EVENT_ID.DOCUMENT || top?.type !== EVENT_ID.MAPPING) return false;
  if (events.length > maxValues) return false;
  const around: { isMapping: boolean; atValue: boolean }[] = [];
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
    if (event.type !== EVENT_ID.SCALAR) {
      around.push({ isMapping: event.type === EVENT_ID.MAPPING, atValue: false });
      continue;
    }
    const { valueStart, valueEnd, style } = event;
    if (valueStart === NOWHERE) continue;
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

const integer = defineScalarTag('tag:yaml.org,2002:int', {
  ...intCoreTag,
  resolve(source, isExplicit, name) {
    const value = intCoreTag.resolve(source, isExplicit, name);
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new NotPlain();
    return value;
  },
});

const float = defineScalarTag('tag:yaml.org,2002:float', {
  ...floatCoreTag,
  resolve(source, isExplicit, name) {
    const value = floatCoreTag.resolve(source, isExplicit, name);
    // What is beyond all numbers is a text here, and infinite there.
    if (value === NOT_RESOLVED && Math.abs(Number(source)) === Number.POSITIVE_INFINITY) throw new NotPlain();
    return value;
  },
});

const SCHEMA = CORE_SCHEMA.withTags(mapping, integer, float);
