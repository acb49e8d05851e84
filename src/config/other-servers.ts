import { join, resolve } from 'node:path';
import type { Endpoint, OtherServer } from '../model/resource.ts';
import { stackFolders } from '../state/folders.ts';
import type { Own } from './interpolate.ts';
import type { Outline, ResourceOutline } from './outline.ts';
import { portMark, withOwnWords, wordMark } from './own-ports.ts';
import { readinessOf } from './readiness.ts';
import { containerSchema, processSchema } from './server-fields.ts';

const LOOPBACK = '127.0.0.1';
/** Inside of a container: whoever listens there on loopback alone is reached by nobody. */
const EVERYWHERE = '0.0.0.0';

/** What may stand in the texts of each server that is declared with how it is run. */
export function ownOfServers({ infrastructure }: Outline): Map<string, Own> {
  const servers = Object.entries(infrastructure).flatMap(([name, declared]): [string, Own][] => {
    const { kind, ports = {}, user, password, database } = declared;
    if (kind !== 'process' && kind !== 'container') return [];
    const said = Object.entries({ user, password, database }).flatMap(([word, value]) =>
      value === undefined ? [] : word,
    );
    const words = ['host', ...said, ...(kind === 'process' ? ['data'] : [])];
    return [[name, { hasPort: true, ports: Object.keys(ports), words }]];
  });
  return new Map(servers);
}

/** What a server is made of besides its name. */
export interface MadeServer {
  endpoint: Endpoint;
  /** As the network of the compose file reaches it. */
  inside: Endpoint;
  server: OtherServer;
}

/**
 * A server that is run, of its declaration with references filled in. `undefined` where that has mistakes, which the schema
 * tells.
 *
 * @param ports of this machine, with the port base, by role
 */
export function otherServer(
  name: string,
  written: unknown,
  root: string,
  ports: Readonly<Record<string, number>>,
): MadeServer | undefined {
  const parsed = processSchema.or(containerSchema).safeParse(written);
  if (!parsed.success) return undefined;
  const declared = parsed.data;
  const { user, password, database } = declared;
  const identity = {
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
  };
  const words = { ...identity, data: join(stackFolders(root).data, name) };
  const inner =
    declared.kind === 'container'
      ? { main: declared.container_port ?? declared.port ?? 0, ...innerPorts(declared) }
      : ports;
  const filledIn = (host: string, at: Readonly<Record<string, number>>) => (text: string) =>
    withOwnWords(text, (mark) => wordOf(mark, { ...words, host }, at));
  const addressOf = (host: string, at: Readonly<Record<string, number>>): Endpoint => {
    const template = declared.url ?? `tcp://${wordMark('host')}:${portMark()}`;
    const url = withOwnWords(template, (mark) => encodeURIComponent(wordOf(mark, { ...words, host }, at)));
    return { host, port: at.main ?? 0, url, ...identity };
  };
  const own = filledIn(declared.kind === 'container' ? EVERYWHERE : LOOPBACK, inner);
  const health = readinessOf(declared.health ?? { tcp: true }, true);
  const server: OtherServer = {
    health: health.kind === 'command' ? { kind: 'command', command: eachOf(health.command, own) } : health,
    dependsOn: declared.depends_on,
    env: Object.fromEntries(Object.entries(declared.env).map(([key, value]) => [key, own(value)])),
    stopSignal: declared.stop_signal,
    stopTimeoutMs: declared.stop_timeout * 1000,
    path: resolve(root, declared.kind === 'process' ? declared.path : '.'),
    ...(declared.command === undefined ? {} : { command: eachOf(declared.command, own) }),
    ...(declared.kind === 'container'
      ? {
          container: {
            image: declared.image ?? '',
            ...(declared.entrypoint === undefined ? {} : { entrypoint: eachOf(declared.entrypoint, own) }),
            volumes: declared.volumes.map((volume) => fromRoot(volume, root)),
            ports: inner,
          },
        }
      : {}),
  };
  const endpoint = addressOf(LOOPBACK, ports);
  return { endpoint, inside: declared.kind === 'container' ? addressOf(name, inner) : endpoint, server };
}

function innerPorts({
  ports,
  container_ports,
}: {
  ports: Readonly<Record<string, number>>;
  container_ports: Readonly<Record<string, number>>;
}): Record<string, number> {
  return Object.fromEntries(
    Object.entries(ports).map(([called, port]) => [called, container_ports[called] ?? port]),
  );
}

function wordOf(
  mark: string,
  words: Readonly<Record<string, string>>,
  ports: Readonly<Record<string, number>>,
): string {
  if (mark.startsWith('.')) return words[mark.slice(1)] ?? '';
  return String(ports[mark === '' ? 'main' : mark] ?? '');
}

function eachOf(
  [program, ...args]: readonly [string, ...string[]],
  change: (text: string) => string,
): [string, ...string[]] {
  return [change(program), ...args.map(change)];
}

/** A path of this machine begins at qbtc.yaml; what is no path is the name of a volume. */
function fromRoot(volume: string, root: string): string {
  return /^\.{1,2}(\/|:|$)/.test(volume)
    ? volume.replace(/^[^:]*/, (source) => resolve(root, source))
    : volume;
}

/** Where a server of an unknown protocol runs that is adopted; a problem never repeats its address, which may hold credentials. */
export function adoptedServer(
  { health }: Pick<ResourceOutline, 'health'>,
  url: string,
): { endpoint: Endpoint; server: OtherServer } | { found: string; expected: string } {
  const expected = 'a URL with a host and a port, such as mongodb://127.0.0.1:27017';
  if (!URL.canParse(url)) return { found: 'something that is no URL', expected };
  const { hostname, port, protocol, username, password } = new URL(url);
  const usual = { 'http:': 80, 'https:': 443 }[protocol];
  if (hostname === '') return { found: 'a URL without a host', expected };
  if (port === '' && usual === undefined) return { found: 'a URL without a port', expected };
  const parsed = processSchema.shape.health.safeParse(health);
  return {
    endpoint: {
      url,
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (usual ?? 0) : Number(port),
      ...(username === '' ? {} : { user: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    },
    server: {
      health: readinessOf((parsed.success ? parsed.data : undefined) ?? { tcp: true }, true),
      dependsOn: [],
      env: {},
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 0,
      path: '.',
    },
  };
}
