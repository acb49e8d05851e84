import type { ExchangeType } from '../type.ts';
import { direct } from './direct.ts';
import { fanout } from './fanout.ts';
import { headers } from './headers.ts';
import { topic } from './topic.ts';

/** Every type of exchange by its name. */
export const EXCHANGE_TYPES: ReadonlyMap<string, ExchangeType> = new Map(
  [direct, fanout, headers, topic].map((type) => [type.name, type]),
);
