import { isRecord } from '../../record.ts';
import type { Mapping } from '../compose/values.ts';
import type { DocumentFact, Fact, Reader } from '../fact.ts';
import { baseName, folderOf } from '../repository.ts';
import { type PlacedYaml, placedYaml } from '../yaml-places.ts';

/** Names of files that may be one; what they hold decides. */
const LIKELY = /(definitions|openapi|swagger|apisix|adc|topology)[\w.-]*\.(json|ya?ml)$|^api\.(json|ya?ml)$/i;

/** Documents that describe the system: RabbitMQ's definitions, OpenAPI, the standalone file of APISIX, ADC. */
export const documents: Reader = {
  name: 'definitions of RabbitMQ, OpenAPI, APISIX',
  async read(repository) {
    const files = repository.files.filter((file) => LIKELY.test(baseName(file)));
    const facts = await Promise.all(
      files.map(async (file): Promise<Fact[]> => {
        const text = await repository.text(file);
        const yaml = text === undefined ? undefined : placedYaml(file, text);
        if (yaml === undefined || !isRecord(yaml.data)) return [];
        const form = formOf(file, yaml.data);
        if (form === undefined) return [];
        const path = form === 'openapi' ? firstGet(yaml.data) : undefined;
        const at = path === undefined ? { file, line: 1 } : yaml.at(['paths', path]);
        const base = path === undefined ? '' : basePath(yaml.data);
        const fact: DocumentFact = { kind: 'document', folder: folderOf(file), at, form };
        if (form === 'rabbitmq') return [{ ...fact, queues: queuesIn(yaml) }];
        return [path === undefined ? fact : { ...fact, path: `${base}${path}` }];
      }),
    );
    return facts.flat();
  },
};

function formOf(file: string, data: Mapping): DocumentFact['form'] | undefined {
  if ((typeof data.openapi === 'string' || typeof data.swagger === 'string') && isRecord(data.paths))
    return 'openapi';
  if (Array.isArray(data.queues) && Array.isArray(data.exchanges)) return 'rabbitmq';
  if (/apisix/i.test(baseName(file)) && Array.isArray(data.routes)) return 'apisix';
  return /adc/i.test(baseName(file)) && Array.isArray(data.services) ? 'adc' : undefined;
}

function queuesIn({ data, at }: PlacedYaml): NonNullable<DocumentFact['queues']> {
  const queues = isRecord(data) && Array.isArray(data.queues) ? data.queues : [];
  return queues.flatMap((queue, index) =>
    isRecord(queue) && typeof queue.name === 'string' && queue.name !== ''
      ? [{ name: queue.name, at: at(['queues', index]) }]
      : [],
  );
}

/** The first path that a GET without anything beside it may ask for. */
function firstGet({ paths }: Mapping): string | undefined {
  for (const [path, item] of Object.entries(isRecord(paths) ? paths : {})) {
    if (!path.startsWith('/') || /[{}$]/.test(path) || !isRecord(item) || !isRecord(item.get)) continue;
    const { parameters, security } = item.get;
    const all = [
      ...(Array.isArray(parameters) ? parameters : []),
      ...(Array.isArray(item.parameters) ? item.parameters : []),
    ];
    const needs = all.some((each) => isRecord(each) && (each.required === true || '$ref' in each));
    if (!needs && !(Array.isArray(security) && security.length > 0)) return path;
  }
  return undefined;
}

/** What stands before all paths: `basePath`, or the path of the first server. */
function basePath({ basePath: base, servers }: Mapping): string {
  if (typeof base === 'string') return base.replace(/\/$/, '');
  const [server] = Array.isArray(servers) ? servers : [];
  const url = isRecord(server) ? String(server.url ?? '') : '';
  if (url.includes('{')) return '';
  return url.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/\/$/, '');
}
