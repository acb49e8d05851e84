import type { SourcePlace } from '../model/gateway.ts';
import type { CheckResult } from '../model/score.ts';
import type { Stack } from '../model/stack.ts';
import { serviceOf } from './cause.ts';

/** Where the subject of a check is declared, a route or a part; or else the part that is to blame. */
export function placeOf(
  stack: Stack,
  { subject, fix }: Pick<CheckResult, 'subject' | 'fix'>,
): SourcePlace | undefined {
  const partAt = (name: string) => stack.locate(serviceOf(stack, name)?.name ?? name);
  return (
    stack.gateway.locate('route', subject) ??
    partAt(subject) ??
    (fix === undefined ? undefined : partAt(fix.cause))
  );
}
