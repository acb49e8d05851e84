import type { Table } from '../../codec/table.ts';
import { withoutLineBreaks } from '../../names.ts';
import { alternateOf } from '../../virtual-host/policies.ts';
import type { Channel } from '../channel.ts';
import { assertMayBind } from '../targets.ts';
import type { Handlers } from './index.ts';

/** Who gives an exchange an alternate one makes messages go from here to there. */
function assertMayDeclareExchange(channel: Channel, name: string, declared: Table): void {
  const { assertMay } = channel.context;
  assertMay('configure', 'exchange', name);
  const alternate = alternateOf(declared);
  if (alternate === undefined) return;
  assertMay('read', 'exchange', name);
  assertMay('write', 'exchange', alternate);
}

export const exchangeHandlers: Handlers = {
  'exchange.declare': (channel, fields) => {
    const { vhost } = channel.context;
    if (fields.passive) vhost.checkExchange(fields.exchange);
    else {
      assertMayDeclareExchange(channel, withoutLineBreaks(fields.exchange), fields.arguments);
      vhost.declareExchange(fields.exchange, fields.type, fields);
    }
    if (!fields.nowait) channel.send('exchange.declare-ok', {});
  },

  'exchange.delete': (channel, { exchange, ifUnused, nowait }) => {
    channel.context.assertMay('configure', 'exchange', withoutLineBreaks(exchange));
    channel.context.vhost.deleteExchange(exchange, ifUnused);
    if (!nowait) channel.send('exchange.delete-ok', {});
  },

  'exchange.bind': (channel, fields) => {
    const { vhost, owner } = channel.context;
    assertMayBind(channel, 'exchange', fields.destination, fields.source);
    vhost.bindings.bind({ ...fields, destination: { kind: 'exchange', name: fields.destination } }, owner);
    if (!fields.nowait) channel.send('exchange.bind-ok', {});
  },

  'exchange.unbind': (channel, fields) => {
    const { vhost, owner } = channel.context;
    assertMayBind(channel, 'exchange', fields.destination, fields.source);
    vhost.bindings.unbind({ ...fields, destination: { kind: 'exchange', name: fields.destination } }, owner);
    if (!fields.nowait) channel.send('exchange.unbind-ok', {});
  },
};
