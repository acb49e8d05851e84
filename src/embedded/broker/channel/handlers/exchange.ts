import type { Handlers } from './index.ts';

export const exchangeHandlers: Handlers = {
  'exchange.declare': (channel, fields) => {
    const { vhost } = channel.context;
    if (fields.passive) vhost.checkExchange(fields.exchange);
    else vhost.declareExchange(fields.exchange, fields.type, fields);
    if (!fields.nowait) channel.send('exchange.declare-ok', {});
  },

  'exchange.delete': (channel, { exchange, ifUnused, nowait }) => {
    channel.context.vhost.deleteExchange(exchange, ifUnused);
    if (!nowait) channel.send('exchange.delete-ok', {});
  },

  'exchange.bind': (channel, fields) => {
    const { vhost, owner } = channel.context;
    vhost.bind({ ...fields, destination: { kind: 'exchange', name: fields.destination } }, owner);
    if (!fields.nowait) channel.send('exchange.bind-ok', {});
  },

  'exchange.unbind': (channel, fields) => {
    const { vhost, owner } = channel.context;
    vhost.unbind({ ...fields, destination: { kind: 'exchange', name: fields.destination } }, owner);
    if (!fields.nowait) channel.send('exchange.unbind-ok', {});
  },
};
