import type { Context } from '../../src/context.ts';
import type { LogLine } from '../../src/model/log.ts';
import { type OperationName, runOperation } from '../../src/operations/index.ts';
import { asQbtcError, type Document } from '../../src/report/index.ts';
import type { ReportFolder } from './folder.ts';

/** Of each part. */
const LINES = 5_000;
/** The newest traces: those of the flows that have failed are among them. */
const TRACES = 50;

/** What is looked at when something has failed. One that cannot be had is there as the error that says why. */
const LOOKS: readonly (readonly [string, OperationName, object])[] = [
  ['status.json', 'status', {}],
  ['doctor.json', 'doctor', {}],
  ['ports.json', 'ports', {}],
  ['graph.json', 'graph', {}],
];

/** Adds to the report what a person would ask for who cannot look at the machine any more. */
export async function collect(context: Context, report: ReportFolder): Promise<void> {
  for (const [file, name, input] of LOOKS)
    await report.addDocument(file, await ask(context, name, input), 'json');

  const logs = await ask(context, 'logs read', { lines: LINES });
  if (logs.kind === 'logs')
    for (const [source, lines] of bySource(logs.lines))
      await report.add(`logs/${fileNameOf(source)}.log`, lines.join('\n'));
  else await report.addDocument('logs.json', logs, 'json');

  const traces = await ask(context, 'trace ls', { limit: TRACES });
  await report.addDocument('traces.json', traces, 'json');
  if (traces.kind !== 'traces') return;
  for (const { id } of traces.traces)
    await report.addDocument(
      `traces/${fileNameOf(id)}.json`,
      await ask(context, 'trace show', { id }),
      'json',
    );
}

function bySource(lines: readonly LogLine[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { source, raw } of lines) {
    const own = found.get(source);
    if (own === undefined) found.set(source, [raw]);
    else own.push(raw);
  }
  return found;
}

async function ask(context: Context, name: OperationName, input: object): Promise<Document> {
  try {
    const { document } = await runOperation(context, name, input, async () => () => {});
    if (document !== undefined) return document;
    throw new Error(`${name} told nothing`);
  } catch (thrown) {
    if (context.interrupted.aborted) throw thrown;
    return { kind: 'error', error: asQbtcError(thrown) };
  }
}

/** Names of others as names of files on every system. */
function fileNameOf(name: string): string {
  return name.replaceAll(/[^\w.-]/g, '_').replace(/^\.+/, '_');
}
