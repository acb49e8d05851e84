import { DECLARED_KINDS, type GatewayKind } from '../../model/gateway.ts';

/** The lists of APISIX, in the Admin API and in a standalone configuration; credentials stand below their consumer. */
export const COLLECTIONS = {
  ...DECLARED_KINDS,
  consumer: 'consumers',
} as const satisfies Record<Exclude<GatewayKind, 'credential'>, string>;
export type ListedKind = keyof typeof COLLECTIONS;
export const LISTED_KINDS = Object.keys(COLLECTIONS) as ListedKind[];
