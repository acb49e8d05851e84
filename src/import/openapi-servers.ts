import { QbtcError } from '../errors.ts';
import type { GatewayObject } from '../model/gateway.ts';
import { isRecord } from '../record.ts';
import type { ReadOptions } from './route-format.ts';
import type { Source, SourceText } from './source.ts';

type Fields = Record<string, unknown>;

export interface ServedAt {
  /** The first server as an upstream; none where the caller has named one. */
  upstream?: { id: string; object: GatewayObject };
  /** What stands before each path. */
  prefix: string;
}

/** @throws QbtcError `IMPORT_NO_SERVER` where nobody says where the API is */
export function upstreamOf(
  source: Source,
  { shown }: SourceText,
  { upstream }: ReadOptions,
  id: string,
): ServedAt {
  const { data } = source;
  const isOld = typeof data.swagger === 'string';
  const [first, ...others] = isOld ? oldServers(data) : serversOf(data);
  for (const index of others.keys()) {
    const path = isOld ? ['schemes', index + 1] : ['servers', index + 1];
    source.lose(path, 'servers are alternatives of each other: the first is taken');
  }
  const [, scheme, host = '', port, path = ''] =
    /^(?:(https?):)?\/\/([^/:]+)(?::(\d+))?(\/.*)?$/.exec(first ?? '') ?? [];
  const prefix = (host === '' ? (first ?? '') : path).replace(/^(?!\/)(?=.)/, '/').replace(/\/+$/, '');
  if (upstream !== undefined) return { prefix };
  if (host === '') {
    throw new QbtcError(
      'IMPORT_NO_SERVER',
      `${shown} does not say where the API is: ${first === undefined ? 'it has no servers' : `its first server is ${first}`}`,
      {
        hint: 'name the service of the stack that it is: --service NAME',
      },
    );
  }
  const defaults = isRecord(data['x-adc-upstream-defaults']) ? data['x-adc-upstream-defaults'] : {};
  const isTls = scheme === 'https';
  const object = {
    type: 'roundrobin',
    ...(isTls ? { scheme: 'https' } : {}),
    // It is known by its own name there.
    pass_host: 'node',
    nodes: { [`${host}:${port ?? (isTls ? 443 : 80)}`]: 1 },
    ...defaults,
  };
  return { upstream: { id, object }, prefix };
}

function serversOf({ servers }: Fields): string[] {
  if (!Array.isArray(servers)) return [];
  return servers.filter(isRecord).map(({ url, variables }) => {
    const given = isRecord(variables) ? variables : {};
    return String(url ?? '').replace(/\{([^}]*)\}/g, (whole, name: string) => {
      const variable = given[name];
      return isRecord(variable) && variable.default !== undefined ? String(variable.default) : whole;
    });
  });
}

/** Before OpenAPI 3: a host, a path, and how it is spoken to. */
function oldServers({ host, basePath = '', schemes = [] }: Fields): string[] {
  const path = String(basePath).replace(/\/+$/, '');
  if (typeof host !== 'string') return path === '' ? [] : [path];
  const ways = Array.isArray(schemes) && schemes.length > 0 ? schemes : ['http'];
  return ways.map((scheme) => `${scheme}://${host}${path}`);
}
