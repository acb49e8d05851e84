import * as z from 'zod';
import { port, seconds, whole } from '../fields.ts';
import type { Outline } from '../outline.ts';
import type { PortUse } from '../ports.ts';

/** Of `fallback_port`. */
const FALLBACK_PORT = 9079;

export const heal = z
  .strictObject({
    below: whole(0, 100).default(70).describe('`qbtc heal --watch` acts when the score is lower than this.'),
    every: seconds().default(30).describe('Seconds between two looks of `qbtc heal --watch`.'),
    attempts: whole(1, 20)
      .default(3)
      .describe(
        'How often in a row a remedy may fail to help one part before it is given up and quarantined; three times as often within 10 minutes even where it helps.',
      ),
    fallback_port: port()
      .default(FALLBACK_PORT)
      .describe(
        'Where the embedded gateway listens when the gateway stays down; its Admin API on the port before it.',
      ),
  })
  .prefault({})
  .describe('What `qbtc heal` does.');

/** Where the embedded gateway listens when it stands in for a gateway that stays down. */
export function fallbackPortUses({ infrastructure, heal: given, ports: { base = 0 } }: Outline): PortUse[] {
  const declared = given.fallback_port ?? FALLBACK_PORT;
  const gateway = Object.entries(infrastructure).find(([, { kind }]) => kind === 'apisix')?.[0];
  if (gateway === undefined) return [];
  const holder = `the stand-in of ${gateway}`;
  const path = ['heal', 'fallback_port'];
  return [
    { port: declared + base, declared, holder, path },
    { port: declared - 1 + base, declared, holder: `the Admin API of ${holder}`, path },
  ];
}
