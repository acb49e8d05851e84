import { brokerAccess } from '../broker/access.ts';
import { ManagementApi } from '../broker/management.ts';
import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import type { SourceText } from './source.ts';

/**
 * What the broker of the stack holds in a vhost, as it exports it itself.
 *
 * @param vhost that of the stack when left out
 * @throws QbtcError those of `ManagementApi`, `BROKER_NOT_DECLARED`, `BROKER_API_UNKNOWN`, `DEFINITIONS_VHOST`
 */
export async function liveDefinitions(
  context: Pick<Context, 'http' | 'clock' | 'interrupted'>,
  stack: Stack,
  vhost?: string,
): Promise<SourceText> {
  const { management } = brokerAccess(stack);
  if (management === undefined) {
    throw new QbtcError(
      'BROKER_API_UNKNOWN',
      `the broker of ${stack.name} has no management API to be asked`,
      {
        hint: 'add its `management_url` in qbtc.yaml, or export definitions.json from it and import that',
      },
    );
  }
  const api = new ManagementApi(context, { ...management, vhost: vhost ?? management.vhost });
  const path = api.inVhost('definitions');
  // Asked for the definitions of a vhost that is not there, RabbitMQ refuses in its own words.
  const isThere = (await api.list(api.inVhost('exchanges'))) !== undefined;
  const definitions = isThere ? await api.object(path) : undefined;
  if (definitions === undefined) {
    throw new QbtcError('DEFINITIONS_VHOST', `${management.url} has no vhost ${api.access.vhost}`, {
      hint: 'name another: --vhost NAME',
    });
  }
  return { shown: `${management.url}/api${path}`, text: JSON.stringify(definitions, undefined, 2) };
}
