import { literalPattern } from '../literal-pattern.ts';
import { from } from './comments.ts';
import type { Draft, DraftContainer, DraftResource, DraftService, Field } from './draft/index.ts';
import type { FoundRoute, Health } from './fact.ts';
import { flowsOf } from './flows.ts';
import { type Entry, yamlLines } from './yaml-lines.ts';

/** `qbtc.yaml` of a draft, each line with the place that it comes from. */
export function writeStack(draft: Draft, readerNames: readonly string[]): string {
  const { name, resources, services, secrets } = draft;
  const top: Entry[] = [
    { key: 'version', value: 1 },
    { key: 'name', value: name, comment: 'the folder' },
    ...(secrets.length === 0
      ? []
      : [
          entry(
            'secrets',
            secrets.map(({ value }) => value),
            secrets,
            'their values are generated, not copied',
          ),
        ]),
    ...flowsEntry(draft),
  ];
  const parts: Entry[][] = [top];
  if (resources.length > 0) parts.push([{ key: 'infrastructure', value: resources.map(resourceEntry) }]);
  if (services.length > 0) parts.push([{ key: 'services', value: services.map(serviceEntry) }]);
  const heading = [
    `# Made by "qbtc init" of ${readerNames.join(', ')}.`,
    '# Each line says where it comes from; "guess": nobody says so, it is likely. "qbtc init --update" keeps what you change.',
  ];
  return `${[...heading, ...parts.flatMap((part) => ['', ...yamlLines(part)])].join('\n')}\n`.replace(
    '\n\n',
    '\n',
  );
}

function flowsEntry(draft: Draft): Entry[] {
  const flows = flowsOf(draft);
  const [first, ...others] = flows.map(({ path }) => path);
  if (first === undefined) return [];
  const comment = flows.map(({ about }) => about).join(', ');
  return [{ key: 'flows', value: others.length === 0 ? first : [first, ...others], comment }];
}

function resourceEntry(resource: DraftResource): Entry {
  const { name, kind, port, managementPort, container } = resource;
  if (container !== undefined) return containerEntry(resource, container);
  const { user, password, vhost, database } = resource;
  const said = Object.entries({ user, password, vhost, database });
  return {
    key: name.value,
    comment: from(name),
    value: [
      { key: 'kind', value: kind, comment: from(name) },
      ...said.flatMap(([key, field]) => (field === undefined ? [] : [entry(key, field.value, [field])])),
      ...(port === undefined ? [] : [entry('port', port.value, [port])]),
      ...(managementPort === undefined
        ? []
        : [
            entry(kind === 'apisix' ? 'admin_port' : 'management_port', managementPort.value, [
              managementPort,
            ]),
          ]),
    ],
  };
}

function containerEntry({ name, port }: DraftResource, container: DraftContainer): Entry {
  const { image, containerPort, ports, command, entrypoint, env, volumes, health, dependsOn, program } =
    container;
  const without = program === undefined ? '' : `, or else kind: process with ${program}`;
  const optional = (key: string, field: Field<string | string[] | number> | undefined): Entry[] =>
    field === undefined ? [] : [entry(key, field.value, [field])];
  const further = Object.entries(ports);
  return {
    key: name.value,
    comment: from(name),
    value: [
      { key: 'kind', value: 'container', comment: `${from(name)}: it needs Docker${without}` },
      ...optional('image', image),
      ...optional('port', port),
      ...(port?.value === containerPort
        ? []
        : [{ key: 'container_port', value: containerPort, comment: from(image) }]),
      ...(further.length === 0
        ? []
        : [
            {
              key: 'ports',
              value: further.map(([called, each]) => entry(called, each.port.value, [each.port])),
            },
            {
              key: 'container_ports',
              value: further.map(([called, each]) => entry(called, each.inside, [each.port])),
            },
          ]),
      ...optional('user', container.user),
      ...optional('password', container.password),
      ...optional('database', container.database),
      ...optional('url', container.url),
      ...optional('entrypoint', entrypoint),
      ...optional('command', command),
      ...(Object.keys(env).length === 0
        ? []
        : [
            {
              key: 'env',
              value: Object.entries(env).map(([key, field]) => entry(key, field.value, [field])),
            },
          ]),
      ...(volumes.length === 0
        ? []
        : [
            entry(
              'volumes',
              volumes.map(({ value }) => value),
              volumes,
            ),
          ]),
      ...(health === undefined ? [] : [{ key: 'health', value: [entry('command', health.value, [health])] }]),
      ...(dependsOn.length === 0
        ? []
        : [
            entry(
              'depends_on',
              dependsOn.map(({ value }) => value),
              dependsOn,
            ),
          ]),
    ],
  };
}

function serviceEntry(service: DraftService): Entry {
  const { name, path, command, port, ports, replicas, health, metrics, stopSignal, stopTimeout } = service;
  const { dependsOn, envFiles, env, routes } = service;
  const names = (fields: readonly Field<string>[]) => fields.map(({ value }) => value);
  const optional = (key: string, field: Field<string | number> | undefined): Entry[] =>
    field === undefined ? [] : [entry(key, field.value, [field])];
  const mapping = (key: string, of: Record<string, Field<string | number>>): Entry[] =>
    Object.keys(of).length === 0
      ? []
      : [{ key, value: Object.entries(of).map(([each, field]) => entry(each, field.value, [field])) }];
  return {
    key: name.value,
    comment: from(name),
    value: [
      entry('path', path.value, [path]),
      entry('command', command.value, [command]),
      ...optional('port', port),
      ...mapping('ports', ports),
      ...optional('replicas', replicas),
      ...(health === undefined ? [] : [healthEntry(health)]),
      ...(port === undefined
        ? []
        : metrics === undefined
          ? [{ key: 'metrics', value: false, comment: 'guess: no /metrics in its code' }]
          : [entry('metrics', metrics.value, [metrics])]),
      ...optional('stop_signal', stopSignal),
      ...optional('stop_timeout', stopTimeout),
      ...(dependsOn.length === 0 ? [] : [entry('depends_on', names(dependsOn), dependsOn)]),
      ...(envFiles.length === 0
        ? []
        : [
            {
              key: 'env_file',
              value: {
                items: envFiles.map((field) => [
                  entry('path', field.value.path, [field]),
                  { key: 'required', value: field.value.required },
                ]),
              },
            },
          ]),
      ...mapping('env', env),
      ...(routes.length === 0
        ? []
        : [
            {
              key: 'routes',
              value: { items: routes.map((route, index) => routeEntries(name.value, route, index)) },
            },
          ]),
    ],
  };
}

function healthEntry(field: Field<Health>): Entry {
  const { value } = field;
  if ('path' in value) return entry('health', value.path, [field]);
  const inside: Entry =
    'tcp' in value ? { key: 'tcp', value: true } : { key: 'command', value: value.command };
  return { key: 'health', value: [{ ...inside, comment: from(field) }] };
}

function routeEntries(service: string, field: Field<FoundRoute>, index: number): Entry[] {
  const { host, prefix = '/', strip } = field.value;
  const path = prefix === '/' ? '' : prefix.replace(/\/$/, '');
  return [
    entry('name', index === 0 ? service : `${service}-r${index + 1}`, [field]),
    path === '' ? { key: 'uri', value: '/*' } : { key: 'uris', value: [path, `${path}/*`] },
    ...(host === undefined ? [] : [{ key: 'host', value: host }]),
    ...(strip && path !== ''
      ? [
          {
            key: 'plugins',
            value: [
              {
                key: 'proxy-rewrite',
                value: [{ key: 'regex_uri', value: [`^${literalPattern(path)}/?(.*)`, '/$1'] }],
              },
            ],
          },
        ]
      : []),
  ];
}

function entry(key: string, value: Entry['value'], fields: readonly Field<unknown>[], why?: string): Entry {
  return { key, value, comment: from(...fields) + (why === undefined ? '' : `: ${why}`) };
}
