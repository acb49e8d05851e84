/** The stamp: only what carries both labels is ours to change or delete. */
export const MANAGED_BY_LABEL = 'managed-by';
export const MANAGED_BY = 'qbtc';
export const STACK_LABEL = 'qbtc-stack';
/** Beside the stamp, on what `qbtc discover --register` made: `routes sync` leaves it alone, whatever is declared. */
export const SOURCE_LABEL = 'qbtc-source';
export const DISCOVERY = 'discovery';
/** Beside that: which source vouches for it. While that source cannot be asked, nothing is taken for gone. */
export const VOUCHER_LABEL = 'qbtc-voucher';

/** Any object of the Admin API. Field names are APISIX's own. */
export interface GatewayObject {
  id?: string;
  labels?: Record<string, string>;
  [field: string]: unknown;
}

/** `id_schema` of APISIX's schema_def.lua. */
export const GATEWAY_ID = /^[a-zA-Z0-9-_.]+$/;
export const GATEWAY_ID_LENGTH = 64;

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
export const GATEWAY_KINDS = [
  'plugin_metadata',
  'secret',
  'proto',
  'ssl',
  'upstream',
  'plugin_config',
  'consumer_group',
  'service',
  'consumer',
  'credential',
  'route',
  'stream_route',
  'global_rule',
] as const;
export type GatewayKind = (typeof GATEWAY_KINDS)[number];

/** What the gateway should hold, or holds: objects by kind, keyed by id (`USERNAME/ID` for a credential). */
export type GatewayState = Record<GatewayKind, Map<string, GatewayObject>>;

/** The kinds that are declared in a list of their own, with an `id`, and the name of that list. */
export const DECLARED_KINDS = {
  upstream: 'upstreams',
  service: 'services',
  route: 'routes',
  stream_route: 'stream_routes',
  plugin_config: 'plugin_configs',
  consumer_group: 'consumer_groups',
  global_rule: 'global_rules',
  plugin_metadata: 'plugin_metadata',
  ssl: 'ssls',
  proto: 'protos',
  secret: 'secrets',
} as const satisfies Partial<Record<GatewayKind, string>>;
export type DeclaredKind = keyof typeof DECLARED_KINDS;

/** An object that is declared as it is, with its id. */
export interface DeclaredObject {
  kind: DeclaredKind;
  id: string;
  object: GatewayObject;
}

/** A place in a file of the stack; both numbers count from 1. */
export interface SourcePlace {
  /** As people write it: relative to where the command was given, when it is below. */
  file: string;
  line: number;
  column: number;
}

/** What the stack declares for its gateway, besides the routes of its services. */
export interface GatewayDeclaration {
  consumers: ApisixConsumer[];
  objects: DeclaredObject[];
  /**
   * Where an object of the gateway is written (by the id that it has there), or the field of it at `path`, or the
   * nearest thing around that field. `undefined` for what no file declares.
   */
  locate(kind: GatewayKind, id: string, path?: readonly (string | number)[]): SourcePlace | undefined;
}

/** The methods that APISIX lets a route name. */
export const ROUTE_METHODS = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'PURGE',
] as const;
