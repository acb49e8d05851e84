import { EXIT, QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import { factsOf } from '../resources/facts.ts';
import { readIdentity } from '../state/index.ts';

/**
 * Users, databases, virtual hosts and volumes are named after the stack: under another name its data would begin empty,
 * and nobody would say so.
 *
 * @throws QbtcError `STACK_RENAMED`
 */
export function refuseRenamed({
  root,
  name,
  file,
  resources,
}: Pick<Stack, 'root' | 'name' | 'file' | 'resources'>): void {
  const before = readIdentity(root)?.name;
  const keepers = resources.filter(
    ({ kind, provider }) => factsOf(kind).namesDataAfterStack && provider !== 'external',
  );
  if (before === undefined || before === name || keepers.length === 0) return;
  throw new QbtcError('STACK_RENAMED', `${file} says "name: ${name}", but the data was made as ${before}`, {
    exit: EXIT.usage,
    details: keepers.map((each) => `${each.name} would begin empty: it knows ${before} alone`),
    hint: `put "name: ${before}" back. Or take out of it what you need, and then delete it to begin empty as ${name}: qbtc down --volumes`,
  });
}
