import { headerOf } from '../broker/message.ts';
import type { Stack } from '../model/stack.ts';

/** A request, before it is filled in, with the header that the stack has for the id of one, unless it sets that itself. */
export function correlated<Request extends { headers: Record<string, string> }>(
  request: Request,
  { correlation: { header } }: Pick<Stack, 'correlation'>,
): Request {
  if (header === undefined || headerOf(request.headers, header) !== undefined) return request;
  return { ...request, headers: { [header]: '${correlation_id}', ...request.headers } };
}
