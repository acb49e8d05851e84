import { basename } from 'node:path';
import { parseStackDocument, type StackDocument } from '../config/document.ts';
import { expectation, schemaMistakes, valueAt } from '../config/issues.ts';
import { type FieldPath, fieldName, formatMistake, inFileOrder, type Mistake } from '../config/mistake.ts';
import { QbtcError } from '../errors.ts';
import { EMPTY_TOPOLOGY, type Topology } from '../model/topology.ts';
import { readTextFile, unreadable } from '../text-file.ts';
import { expand } from './expand.ts';
import { checkRules } from './rules.ts';
import { type TopologyFile, topologySchema } from './schema.ts';

/**
 * Reads the topology files as one topology. `durable` (true), `auto_delete`, `internal` (false), `routing_key` ("") and
 * `arguments` ({}) may be left out.
 *
 * @param files absolute
 * @throws QbtcError `TOPOLOGY_UNREADABLE`; `TOPOLOGY_INVALID` with every mistake at once, each with
 *   file:line:column, what was found, what was expected and the nearest thing that would have been right
 */
export async function readTopology(files: readonly string[]): Promise<Topology> {
  const texts = await Promise.all(files.map(async (file) => ({ file, text: await textOf(file) })));
  const { topology, mistakes } = parseTopologies(texts);
  if (mistakes.length > 0) {
    const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
    const wrong = [...new Set(mistakes.map(({ file }) => file))];
    const names = wrong.map((file) => basename(file)).join(' and ');
    throw new QbtcError('TOPOLOGY_INVALID', `${names} ${wrong.length === 1 ? 'has' : 'have'} ${count}`, {
      details: mistakes.map(({ file, ...mistake }) => formatMistake(file, mistake)),
    });
  }
  return topology;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readTextFile(file);
  } catch (error) {
    throw unreadable('TOPOLOGY_UNREADABLE', `the topology file ${file}`, error, {
      hint: 'correct `topology` in qbtc.yaml, or take it out',
    });
  }
}

const TOP_EXPECTED = 'a mapping with exchanges, queues, bindings, policies, permissions and limits';

type FileMistake = Mistake & { file: string };
interface Parsed {
  file: string;
  document: StackDocument;
  content: TopologyFile | undefined;
  mistakes: FileMistake[];
}

/** The topology that the text describes, and what is wrong with it; with mistakes the topology is only a part. */
export function parseTopology(text: string): { topology: Topology; mistakes: Mistake[] } {
  const { topology, mistakes } = parseTopologies([{ file: '', text }]);
  return { topology, mistakes: mistakes.map(({ file: _, ...mistake }) => mistake) };
}

/** One topology of several files: what one declares, the others may bind. */
function parseTopologies(texts: readonly { file: string; text: string }[]): {
  topology: Topology;
  mistakes: FileMistake[];
} {
  const files = texts.map(({ file, text }) => parseFile(file, text));
  const contents = files.flatMap(({ content }) => (content === undefined ? [] : [content]));
  const whole: TopologyFile = {
    exchanges: contents.flatMap(({ exchanges }) => exchanges),
    queues: contents.flatMap(({ queues }) => queues),
    bindings: contents.flatMap(({ bindings }) => bindings),
    policies: contents.flatMap(({ policies }) => policies),
    permissions: contents.flatMap(({ permissions }) => permissions),
    limits: Object.assign({}, ...contents.map(({ limits }) => limits)),
  };
  const complete = contents.length === files.length;
  const rules = complete ? checkRules(whole) : [];
  for (const { path, found, ...rest } of rules) {
    const [file, own = []] = placeOf(files, path);
    file?.mistakes.push({
      file: file.file,
      at: file.document.at(own),
      field: fieldName(own),
      found: found ?? describe(valueAt(file.document.data, own)),
      ...rest,
    });
  }
  return {
    topology: complete ? expand(whole) : EMPTY_TOPOLOGY,
    mistakes: files.flatMap(({ file, mistakes }) => inFileOrder(mistakes).map((each) => ({ ...each, file }))),
  };
}

/** The file that an entry of the whole stands in, and where. */
function placeOf(
  files: readonly Parsed[],
  [list = '', index = 0, ...rest]: FieldPath,
): [Parsed?, FieldPath?] {
  let own = Number(index);
  for (const file of files) {
    const { length } = file.content?.[list as 'queues'] ?? [];
    if (own < length) return [file, [list, own, ...rest]];
    own -= length;
  }
  return [];
}

function parseFile(file: string, text: string): Parsed {
  const document = parseStackDocument(text, { topExpected: TOP_EXPECTED });
  const placed = (mistakes: readonly Mistake[]) => mistakes.map((mistake) => ({ ...mistake, file }));
  if (!document.usable) {
    return { file, document, content: undefined, mistakes: placed(document.mistakes) };
  }
  const { data, error } = topologySchema.safeParse(document.data, { error: expectation });
  const shape =
    error === undefined ? [] : schemaMistakes(topologySchema, error.issues, document.data, document);
  return { file, document, content: data, mistakes: placed([...document.mistakes, ...shape]) };
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return `"${value}"`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : String(value);
}
