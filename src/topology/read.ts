import { basename } from 'node:path';
import { parseStackDocument } from '../config/document.ts';
import { expectation, schemaMistakes, valueAt } from '../config/issues.ts';
import { fieldName, formatMistake, inFileOrder, type Mistake } from '../config/mistake.ts';
import { QbtcError } from '../errors.ts';
import { EMPTY_TOPOLOGY, type Topology } from '../model/topology.ts';
import { readTextFile, unreadable } from '../text-file.ts';
import { expand } from './expand.ts';
import { checkRules } from './rules.ts';
import { topologySchema } from './schema.ts';

/**
 * Reads the topology file. `durable` (true), `auto_delete`, `internal` (false), `routing_key` ("") and `arguments`
 * ({}) may be left out.
 *
 * @param file absolute
 * @throws QbtcError `TOPOLOGY_UNREADABLE`; `TOPOLOGY_INVALID` with every mistake at once, each with
 *   file:line:column, what was found, what was expected and the nearest thing that would have been right
 */
export async function readTopology(file: string): Promise<Topology> {
  let text: string;
  try {
    text = await readTextFile(file);
  } catch (error) {
    throw unreadable('TOPOLOGY_UNREADABLE', `the topology file ${file}`, error, {
      hint: 'correct `topology` in qbtc.yaml, or take it out',
    });
  }
  const { topology, mistakes } = parseTopology(text);
  if (mistakes.length > 0) {
    const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
    throw new QbtcError('TOPOLOGY_INVALID', `${basename(file)} has ${count}`, {
      details: mistakes.map((mistake) => formatMistake(file, mistake)),
    });
  }
  return topology;
}

/** The topology that the text describes, and what is wrong with it; with mistakes the topology is only a part. */
export function parseTopology(text: string): { topology: Topology; mistakes: Mistake[] } {
  const document = parseStackDocument(text);
  if (!document.usable)
    return { topology: EMPTY_TOPOLOGY, mistakes: document.mistakes.map(asTopologyMistake) };
  const parsed = topologySchema.safeParse(document.data, { error: expectation });
  if (!parsed.success) {
    const shape = schemaMistakes(topologySchema, parsed.error.issues, document.data, document);
    return { topology: EMPTY_TOPOLOGY, mistakes: inFileOrder([...document.mistakes, ...shape]) };
  }
  const rules = checkRules(parsed.data).map(({ path, found, ...rest }) => ({
    at: document.at(path),
    field: fieldName(path),
    found: found ?? describe(valueAt(document.data, path)),
    ...rest,
  }));
  return { topology: expand(parsed.data), mistakes: inFileOrder([...document.mistakes, ...rules]) };
}

/** The reader of `qbtc.yaml` speaks of that file where there is no mapping at all. */
function asTopologyMistake(mistake: Mistake): Mistake {
  if (!mistake.expected.startsWith('a mapping')) return mistake;
  return {
    ...mistake,
    expected: 'a mapping with exchanges, queues, bindings, policies, permissions and limits',
  };
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return `"${value}"`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : String(value);
}
