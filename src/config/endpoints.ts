import type { Endpoint, ResourceKind } from '../model/resource.ts';
import { FACTS, factsOf, type Identity } from '../resources/facts.ts';
import { sqlName } from '../resources/postgres/facts.ts';
import { listed } from './mistake.ts';

/** Everything of ours listens here and nowhere else. */
const HOST = '127.0.0.1';

export interface OwnResource {
  kind: ResourceKind;
  /** The name of the stack. */
  stack: string;
  /** With the port base, by role. */
  ports: Readonly<Record<string, number>>;
  /** The password, or the key of the Admin API. */
  secret: string;
  /** What of the stack there is not named after it. */
  identity?: Identity;
  /** Where it listens; this machine's loopback when left out. */
  host?: string;
}

/** Where a resource that we run is reached. One vhost, one database and one user for each stack, named after it where nothing else is said. */
export function ownEndpoint({
  kind,
  stack,
  ports,
  secret,
  identity = {},
  host = HOST,
}: OwnResource): Endpoint {
  const { own, management } = factsOf(kind);
  const port = ports.main ?? 0;
  return {
    host,
    port,
    ...own({ stack, authority: `${host}:${port}`, secret, identity }),
    ...(management === undefined ? {} : { managementUrl: `http://${host}:${ports[management.role] ?? 0}` }),
  };
}

/** The role of a service, and the endpoint as that role reaches it. */
export function roleEndpoint(
  endpoint: Endpoint,
  stack: string,
  service: string,
  password: string,
): Endpoint & { user: string; password: string } {
  const user = roleName(stack, service);
  const url = new URL(endpoint.url);
  url.username = user;
  url.password = encodeURIComponent(password);
  return { ...endpoint, url: url.href, user, password };
}

/** Named after both: a server may hold several stacks. */
export function roleName(stack: string, service: string): string {
  return `${sqlName(stack)}__${sqlName(service)}`.slice(0, MAX_IDENTIFIER);
}

/** The account of a service at the broker, and the endpoint as that account reaches it. */
export function accountEndpoint(
  endpoint: Endpoint,
  stack: string,
  service: string,
  password: string,
): Endpoint & { user: string; password: string } {
  const user = accountName(stack, service);
  const url = new URL(endpoint.url);
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  return { ...endpoint, url: url.href, user, password };
}

/** Named after both: accounts are the broker's, and a broker may hold several stacks. */
export function accountName(stack: string, service: string): string {
  return `${stack}.${service}`;
}

/** PostgreSQL cuts longer ones (`NAMEDATALEN` is 64). */
const MAX_IDENTIFIER = 63;

export interface ExternalResource {
  kind: ResourceKind;
  url: string;
  /** What its field `management_url` or `admin_url` says. */
  managementUrl?: string | undefined;
  adminKey?: string | undefined;
}

/** What is wrong with an address, in words that never repeat it: it holds credentials. */
export interface AddressProblem {
  field: 'url' | 'management';
  found: string;
  expected: string;
}

/** Where a resource that somebody else runs is reached, with the credentials in its url. */
export function externalEndpoint({
  kind,
  url,
  managementUrl,
  adminKey,
}: ExternalResource): { endpoint: Endpoint } | { problem: AddressProblem } {
  const address = parseAddress(url, factsOf(kind).schemes);
  if ('found' in address) return { problem: { field: 'url', ...address } };
  const { parsed, ...common } = address;

  if (managementUrl !== undefined) {
    const management = parseAddress(managementUrl, FACTS.apisix.schemes);
    if ('found' in management) return { problem: { field: 'management', ...management } };
    if (management.user !== undefined || management.password !== undefined) {
      const expected = 'none: those of url, or admin_key, are used';
      return { problem: { field: 'management', found: 'credentials in the URL', expected } };
    }
  }
  const endpoint: Endpoint = {
    ...common,
    ...(managementUrl === undefined ? {} : { managementUrl: managementUrl.replace(/\/+$/, '') }),
  };

  const path = decode(parsed.pathname.replace(/^\//, ''));
  if (path === undefined) return { problem: { field: 'url', ...BAD_ENCODING } };
  return { endpoint: factsOf(kind).adopted(endpoint, { text: url, parsed, path }, adminKey) };
}

const BAD_ENCODING = { found: 'a URL with a broken %-encoding', expected: '%XX for special characters' };

interface Address {
  url: string;
  host: string;
  port: number;
  user?: string;
  password?: string;
  parsed: URL;
}

function parseAddress(
  url: string,
  schemes: Readonly<Record<string, number>>,
): Address | { found: string; expected: string } {
  const forms = listed(Object.keys(schemes).map((scheme) => `${scheme}://`));
  const expected = `a URL that starts with ${forms}`;
  if (!URL.canParse(url)) return { found: 'something that is no URL', expected };
  const parsed = new URL(url);
  const scheme = parsed.protocol.slice(0, -1);
  const defaultPort = Object.hasOwn(schemes, scheme) ? schemes[scheme] : undefined;
  if (defaultPort === undefined) return { found: `a URL that starts with ${scheme}:`, expected };
  if (parsed.hostname === '') return { found: 'a URL without a host', expected };
  const user = decode(parsed.username);
  const password = decode(parsed.password);
  const host = decode(parsed.hostname.replace(/^\[|\]$/g, ''));
  if (user === undefined || password === undefined || host === undefined) return BAD_ENCODING;
  return {
    url,
    host,
    port: parsed.port === '' ? defaultPort : Number(parsed.port),
    ...(user === '' ? {} : { user }),
    ...(password === '' ? {} : { password }),
    parsed,
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** What `${resources.NAME.FIELD}` may ask for: the fields that this resource has. */
export function endpointFields(kind: ResourceKind, endpoint: Endpoint): Record<string, string> {
  const { management } = factsOf(kind);
  const fields: Record<string, string | undefined> = {
    url: endpoint.url,
    host: endpoint.host,
    port: String(endpoint.port),
    user: endpoint.user,
    password: endpoint.password,
    vhost: endpoint.vhost,
    database: endpoint.database,
    ...(management === undefined ? {} : { [management.field]: endpoint.managementUrl }),
    admin_key: endpoint.adminKey,
    ...Object.fromEntries((endpoint.databases ?? []).map((name) => [`url.${name}`, urlOf(endpoint, name)])),
  };
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** The address of another database on the same server. */
function urlOf({ url }: Endpoint, database: string): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(database)}`;
  return other.href;
}
