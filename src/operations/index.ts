import type * as z from 'zod';
import { dataMistakes, expectation } from '../config/issues.ts';
import { mistakeText } from '../config/mistake.ts';
import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import type { DocumentKind } from '../report/index.ts';
import { OPERATIONS, type OperationName } from './catalogue.ts';
import type { Operation, Outcome, Strict, Tell } from './operation.ts';

export { OPERATIONS, type OperationName } from './catalogue.ts';
export type { Outcome, Tell } from './operation.ts';

/**
 * Runs one operation: judges its input, opens what it works on, takes the lock where it asks for it, and gives its
 * document with the exit code.
 *
 * @param given its input as plain data; what is `undefined` was not given
 * @param listen makes what takes the documents that it tells while it goes on
 * @throws QbtcError `INPUT_WRONG`; those of the operation
 */
export async function runOperation(
  context: Context,
  name: OperationName,
  given: object,
  listen: (kind: DocumentKind) => Promise<Tell>,
): Promise<Outcome> {
  // The name picks the operation that takes this input; the types cannot say so.
  const { operation } = (await OPERATIONS[name].load()) as unknown as {
    operation: Operation<z.ZodRawShape, DocumentKind, unknown>;
  };
  const input = judged(name, operation.input, given);
  const subject = await (operation.open ?? (await import('../lifecycle/open.ts')).openStackHere)(
    context,
    input as never,
  );
  const tell = operation.tells === undefined ? () => {} : await listen(operation.tells);
  const work = () => operation.run(context, subject, input, tell);
  if (operation.locks?.(input) !== true) return work();
  const { withLock } = await import('../lifecycle/lock.ts');
  return withLock((subject as Pick<Stack, 'root'>).root, name, work);
}

function judged<Shape extends z.ZodRawShape>(
  name: string,
  schema: Strict<Shape>,
  given: object,
): z.output<Strict<Shape>> {
  const asked = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const { success, data, error } = schema.safeParse(asked, { error: expectation });
  if (success) return data;
  throw new QbtcError('INPUT_WRONG', `${name} cannot be asked like this`, {
    exit: EXIT.usage,
    details: dataMistakes(schema, error.issues, asked).map(mistakeText),
  });
}
