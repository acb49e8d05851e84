/** The stamp: only what carries both labels is ours to change or delete. */
export const MANAGED_BY_LABEL = 'managed-by';
export const MANAGED_BY = 'qbtc';
export const STACK_LABEL = 'qbtc-stack';

/** Any object of the Admin API. Field names are APISIX's own. */
export interface GatewayObject {
  id?: string;
  labels?: Record<string, string>;
  [field: string]: unknown;
}

export type ApisixPlugins = Record<string, Record<string, unknown>>;

export interface ApisixUpstream extends GatewayObject {
  type?: string;
  nodes?: Record<string, number> | { host: string; port: number; weight: number }[];
}

export interface ApisixRoute extends GatewayObject {
  name?: string;
  uri?: string;
  uris?: string[];
  methods?: string[];
  priority?: number;
  plugins?: ApisixPlugins;
  upstream_id?: string;
}

/** `PUT /consumers/USERNAME/credentials/ID`. A credential has exactly one authentication plugin. */
export interface ApisixCredential extends GatewayObject {
  id: string;
  plugins: ApisixPlugins;
}

export interface ApisixConsumer extends GatewayObject {
  username: string;
  plugins?: ApisixPlugins;
  credentials?: ApisixCredential[];
}

/** The collections of the Admin API that the reconciler knows, in the order in which they may refer to each other. */
export const GATEWAY_KINDS = ['upstream', 'service', 'consumer', 'credential', 'route'] as const;
export type GatewayKind = (typeof GATEWAY_KINDS)[number];

/** What the gateway should hold, or holds: objects by kind, keyed by id (`USERNAME/ID` for a credential). */
export type GatewayState = Record<GatewayKind, Map<string, GatewayObject>>;
