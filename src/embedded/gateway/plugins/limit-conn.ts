import { messageOf } from '../../../errors.ts';
import type { Place } from '../counters.ts';
import type { Exchange } from '../exchange.ts';
import type { Plugin, PluginHost, Verdict } from '../plugin.ts';
import {
  countersOf,
  type Limit,
  limitError,
  limitKey,
  limitName,
  policyConditions,
  refusal,
  unreachable,
} from '../plugin-support/limits.ts';
import { pause } from '../plugin-support/pause.ts';

interface LimitConn extends Limit {
  conn: number;
  burst: number;
  /** Seconds that a request above `conn` waits, until it is known how long requests take. */
  default_conn_delay: number;
  only_use_default_delay: boolean;
}

/** One exchange of a configuration, from its access phase to its end. */
interface Stay {
  place: Place | undefined;
  /** Seconds that it was made to wait. */
  delay: number;
  over: boolean;
}

/**
 * At most `conn` requests of a key at once, and `burst` more that wait first. The arithmetic is lua-resty-limit-traffic's
 * `resty.limit.conn`.
 */
export const limitConn: Plugin<LimitConn> = {
  name: 'limit-conn',
  version: 0.1,
  priority: 1003,
  schema: {
    type: 'object',
    properties: {
      conn: { type: 'integer', exclusiveMinimum: 0 },
      burst: { type: 'integer', minimum: 0 },
      default_conn_delay: { type: 'number', exclusiveMinimum: 0 },
      only_use_default_delay: { type: 'boolean', default: false },
      key: { type: 'string' },
      key_type: { type: 'string', enum: ['var', 'var_combination'], default: 'var' },
      policy: { type: 'string', enum: ['redis', 'redis-cluster', 'local'], default: 'local' },
      rejected_code: { type: 'integer', minimum: 200, maximum: 599, default: 503 },
      rejected_msg: { type: 'string', minLength: 1 },
      allow_degradation: { type: 'boolean', default: false },
    },
    required: ['conn', 'burst', 'default_conn_delay', 'key'],
    ...policyConditions,
  },
  check: limitError,
  compile(configuration, host, globalRule) {
    const counters = countersOf(configuration, host);
    const { conn, burst, only_use_default_delay: fixed } = configuration;
    const nameOf = limitName('limit-conn', configuration, globalRule);
    const keyOf = limitKey(configuration);
    const stays = {};
    /** Seconds; nears what requests take. */
    let unitDelay = configuration.default_conn_delay;

    function enter(stay: Stay, place: Place | undefined): Verdict {
      if (place === undefined) return refusal(configuration);
      // The client has gone away while the place was asked for: nobody ends this exchange any more.
      if (stay.over) {
        leave(place, host);
        return undefined;
      }
      stay.place = place;
      if (place.taken > conn) stay.delay = unitDelay * Math.floor((place.taken - 1) / conn);
      return pause(stay.delay);
    }
    const failed = unreachable('limit conn', configuration, host);
    return {
      access(exchange) {
        const stay: Stay = { place: undefined, delay: 0, over: false };
        exchange.note(stays, stay);
        const place = counters.enter(nameOf(exchange), keyOf(exchange), conn + burst);
        return place instanceof Promise
          ? place.then((each) => enter(stay, each), failed)
          : enter(stay, place);
      },
      log(exchange) {
        const stay = exchange.noted(stays) as Stay | undefined;
        if (stay === undefined) return;
        stay.over = true;
        if (stay.place === undefined) return;
        leave(stay.place, host);
        if (!fixed) unitDelay = (unitDelay + secondsOf(exchange, stay)) / 2;
      },
    };
  },
};

/** A place that cannot be given back is free again after its time in Redis, which is said. */
function leave(place: Place, host: PluginHost): void {
  place
    .leave()
    ?.catch((error: unknown) => host.log('warn', `failed to leave limit conn: ${messageOf(error)}`));
}

function secondsOf({ upstreamResponseMs, startedAt }: Exchange, { delay }: Stay): number {
  if (upstreamResponseMs !== undefined) return upstreamResponseMs / 1000;
  return Math.max((performance.now() - startedAt) / 1000 - delay, 0);
}
