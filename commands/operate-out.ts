import type { OperationName } from '../src/operations/index.ts';
import type { DocumentOf } from '../src/report/index.ts';
import type { Handler } from './command.ts';
import { operate } from './operate.ts';

interface Out {
  out?: string;
  force?: boolean;
}

/** As `operate`, for an operation that gives a text: with `--out` it goes into a file instead of being printed. */
export function operateOut<Options extends Out>(
  name: OperationName,
  toInput: (options: Options, args: string[]) => object,
): Handler<Options> {
  const work = operate(name, toInput);
  return async (context, options, args) => {
    const outcome = await work(context, options, args);
    const { document } = outcome;
    const { out, force = false } = options;
    if (out === undefined || document === undefined || !isText(document)) return outcome;
    const { writeOut } = await import('./write-out.ts');
    const text = document.kind === 'dump' ? document.yaml : document.text;
    return { ...outcome, document: { ...document, file: await writeOut(context.cwd, out, text, force) } };
  };
}

type Text = DocumentOf<'dump'> | DocumentOf<'exported'> | DocumentOf<'text'>;

const isText = (document: { kind: string }): document is Text =>
  ['dump', 'exported', 'text'].includes(document.kind);
