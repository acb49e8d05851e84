import type { Context } from '../src/context.ts';
import { type DocumentKind, type DocumentOf, loadReporter } from '../src/report/index.ts';

/** Prints what goes on, document by document: as one JSON object a line, or for a terminal. */
export async function openPrinter<Kind extends DocumentKind>(
  { io }: Pick<Context, 'io'>,
  kind: Kind,
  { json = false, verbose = false }: { json?: boolean | undefined; verbose?: boolean | undefined },
): Promise<(document: Omit<DocumentOf<Kind>, 'kind'>) => void> {
  const told = await loadReporter(json ? 'json-lines' : 'terminal', kind);
  const options = { width: io.columns, color: io.color, verbose };
  return (document) => io.out(told({ kind, ...document } as unknown as DocumentOf<Kind>, options));
}
