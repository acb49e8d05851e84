import { EXIT, QbtcError } from '../../errors.ts';
import type { Wanted } from '../../trace/index.ts';

const ID = /^[0-9a-f]{1,32}$/i;

/** @throws QbtcError `USAGE` unless exactly one of them is given, and is what it should be */
export function wantedFrom(given: { id?: string; last: boolean; correlation?: string }): Wanted {
  const { id, last, correlation } = given;
  const wanted: Wanted[] = [
    ...(id === undefined ? [] : [{ id: id.toLowerCase() }]),
    ...(last ? [{ last: true as const }] : []),
    ...(correlation === undefined ? [] : [{ correlationId: correlation }]),
  ];
  const [only] = wanted;
  if (only === undefined || wanted.length > 1) {
    throw new QbtcError('USAGE', 'one trace is drawn at a time', {
      exit: EXIT.usage,
      hint: 'name it in one way: qbtc trace ID, qbtc trace --last or qbtc trace --correlation ID; qbtc trace ls lists them',
    });
  }
  if (id !== undefined && !ID.test(id)) {
    throw new QbtcError('USAGE', `found "${id}", expected the id of a trace`, {
      exit: EXIT.usage,
      hint: 'an id has up to 32 hexadecimal digits; a correlation id is given with --correlation',
    });
  }
  return only;
}
