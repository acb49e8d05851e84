import type { Context } from '../src/context.ts';
import type { Tell } from '../src/operations/index.ts';
import type { Document } from '../src/report/index.ts';
import { type DocumentKind, loadReporter, type Reporter } from '../src/report/index.ts';

/** To the first cell, and everything behind it cleared (ECMA-48: CUP, ED). */
const REDRAW = '\u001b[H\u001b[J';

/** Prints what goes on, document by document: as one JSON object a line, or for a terminal, where status is drawn anew. */
export async function openPrinter(
  { io }: Pick<Context, 'io'>,
  kind: DocumentKind,
  { json = false, verbose = false }: { json?: boolean; verbose?: boolean },
): Promise<Tell> {
  const told = (await loadReporter(json ? 'json-lines' : 'terminal', kind)) as Reporter<Document>;
  const options = { width: io.columns, color: io.color, verbose };
  const before = kind === 'status' && io.interactive && !json ? REDRAW : '';
  return (document) => io.out(before + told(document, options));
}
