import { tableToJson } from '../codec/json.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { assertMay } from './access.ts';
import { list } from './lists.ts';
import {
  argumentsOf,
  created,
  exchangeName,
  flag,
  newName,
  noContent,
  objectNotFound,
  ok,
  type Request,
  type Resource,
  vhostOf,
  vhostsOf,
  vhostToChange,
} from './resource.ts';

export const exchanges: Resource[] = [
  { path: '/api/exchanges', GET: listExchanges },
  { path: '/api/exchanges/:vhost', GET: listExchanges },
  {
    path: '/api/exchanges/:vhost/:name',
    GET: (request) => ok({ ...show(request, existing(request)), incoming: [], outgoing: [] }),
    PUT: (request) => {
      const vhost = vhostToChange(request);
      const name = newName('exchange', exchangeName(request.path.name));
      const { body } = request;
      const known = vhost.exchanges.has(name);
      assertMay(request, 'configure', 'exchange', name);
      vhost.declareExchange(name, body.type === undefined ? 'direct' : String(body.type), {
        durable: flag(body.durable, 'durable'),
        autoDelete: flag(body.auto_delete, 'auto_delete'),
        internal: flag(body.internal, 'internal'),
        arguments: argumentsOf(body),
      });
      return known ? noContent : created();
    },
    DELETE: (request) => {
      const exchange = existing(request);
      assertMay(request, 'configure', 'exchange', exchange.name);
      vhostOf(request).deleteExchange(exchange.name, request.query.get('if-unused') === 'true');
      return noContent;
    },
  },
];

function listExchanges(request: Request) {
  const items = vhostsOf(request).flatMap((vhost) =>
    [...vhost.exchanges.values()].map((exchange) => show(request, exchange, vhost.name)),
  );
  return list(request, items, ['vhost', 'name']);
}

function existing(request: Request): Exchange {
  const exchange = vhostOf(request).exchanges.get(exchangeName(request.path.name));
  if (exchange === undefined) throw objectNotFound();
  return exchange;
}

function show({ path }: Request, exchange: Exchange, vhost = path.vhost): Record<string, unknown> {
  return {
    arguments: tableToJson(exchange.arguments),
    auto_delete: exchange.autoDelete,
    durable: exchange.durable,
    internal: exchange.internal,
    name: exchange.name,
    policy: exchange.policy?.name ?? null,
    type: exchange.type.name,
    vhost,
  };
}
