import * as z from 'zod';
import { STOP_SIGNALS } from '../model/stack.ts';
import { isRecord } from '../record.ts';
import { cyclesOf } from './cycle.ts';
import { environment, filled, name, named, port, seconds } from './fields.ts';
import { migrate, ownName, password, user } from './identity-fields.ts';
import { listed, nearest } from './mistake.ts';
import { commandLine, kindsIn, readinessSchema } from './readiness.ts';
import type { Rule } from './rule.ts';

// Servers that qbtc does not know: how they are run, and how they show that they are ready.

const common = {
  port: port().optional().describe('The port that it listens on on this machine, without the port base.'),
  ports: named(port())
    .refine((ports) => !Object.hasOwn(ports, 'main'), { error: 'another name than main' })
    .default({})
    .describe('Further ports by name, without the port base.'),
  url: filled('a URL')
    .optional()
    .describe(
      'Its address, as `${resources.NAME.url}` gives it to services, with `${host}`, `${port}`, `${user}`, `${password}` and `${database}` of its own: `mongodb://${user}:${password}@${host}:${port}`. With `provider: external`: where it runs.',
    ),
  user,
  password,
  database: ownName().optional().describe('The database of the stack there.'),
  health: readinessSchema()
    .optional()
    .describe(
      'How it is told that it is ready: the path of a health document, or a mapping as of services; that its port takes connections when left out.',
    ),
  migrate,
  depends_on: z.array(name()).default([]).describe('Resources that must be ready before it starts.'),
  env: environment().default({}).describe('Its environment variables.'),
  stop_signal: z.enum(STOP_SIGNALS).default('SIGTERM').describe('What asks it to end.'),
  stop_timeout: seconds().default(30).describe('How many seconds it may take to end, before it is killed.'),
};

export const processSchema = z
  .strictObject({
    kind: z.literal('process').describe('Any server, run by a command of this machine.'),
    provider: z
      .enum(['native', 'external'])
      .optional()
      .describe('`external` adopts what runs at `url`, and never stops it.'),
    command: commandLine()
      .optional()
      .describe(
        'A program and its arguments; `${port}`, `${ports.NAME}`, `${host}`, `${user}`, `${password}` and `${database}` are its own, `${data}` is a folder that it keeps its data in.',
      ),
    path: filled('a folder').default('.').describe('The folder that it runs in, relative to qbtc.yaml.'),
    ...common,
  })
  .describe('A server that qbtc does not know, run by a command.');

export const containerSchema = z
  .strictObject({
    kind: z.literal('container').describe('Any server, run in a container. It needs Docker.'),
    provider: z
      .enum(['docker', 'external'])
      .optional()
      .describe('`external` adopts what runs at `url`, and never stops it.'),
    image: filled('an image').optional().describe('The image: `mongo:7`.'),
    command: commandLine().optional().describe('Instead of what the image says.'),
    entrypoint: commandLine().optional().describe('Instead of what the image says.'),
    container_port: port()
      .optional()
      .describe('The port that it listens on inside the container; `port` when left out.'),
    container_ports: named(port()).default({}).describe('The same for `ports`, by name.'),
    volumes: z
      .array(filled('a volume'))
      .default([])
      .describe(
        'What it keeps where, in the short form of compose: `data:/data/db` (until `qbtc down --volumes` deletes it), `./conf:/etc/mongo:ro` (relative to qbtc.yaml).',
      ),
    ...common,
  })
  .describe('A server that qbtc does not know, run in a container.');

export const serversAreWhole: Rule = ({ infrastructure }, report) => {
  for (const [server, { kind, provider, port, command, image, health }] of Object.entries(infrastructure)) {
    if (kind !== 'process' && kind !== 'container') continue;
    const path = ['infrastructure', server];
    const kinds = isRecord(health) ? kindsIn(health) : [];
    if (kinds.includes('consumes'))
      report([...path, 'health'], 'consumes of a resource', 'another form of readiness');
    else if (isRecord(health) && kinds.length !== 1)
      report([...path, 'health'], kinds.length === 0 ? 'none of its forms' : 'several forms', 'one of them');
    if (provider === 'external') continue;
    if (port === undefined) report(path, 'no port', '"port": where its clients connect', { key: true });
    if (kind === 'process' && command === undefined)
      report(path, 'no command', '"command": a program and its arguments', { key: true });
    if (kind === 'container' && image === undefined)
      report(path, 'no image', '"image", such as mongo:7', { key: true });
  }
};

export const insidePortsAreNamed: Rule = ({ infrastructure }, report) => {
  for (const [server, { ports = {}, container_ports = {} }] of Object.entries(infrastructure))
    for (const called of Object.keys(container_ports)) {
      if (Object.hasOwn(ports, called)) continue;
      const path = ['infrastructure', server, 'container_ports', called];
      report(path, `"${called}", which "ports" does not have`, listed(Object.keys(ports)), { key: true });
    }
};

export const serversHaveAnOrder: Rule = ({ infrastructure }, report) => {
  const names = Object.keys(infrastructure);
  for (const [server, { depends_on = [] }] of Object.entries(infrastructure))
    for (const [index, needed] of depends_on.entries()) {
      if (needed === '' || names.includes(needed)) continue;
      const others = names.filter((each) => each !== server);
      const path = ['infrastructure', server, 'depends_on', index];
      report(path, JSON.stringify(needed), `a resource: ${listed(others)}`, {
        near: () => nearest(needed, others),
      });
    }
  const graph = new Map(
    Object.entries(infrastructure).map(([server, { depends_on = [] }]) => [
      server,
      depends_on.filter((needed) => Object.hasOwn(infrastructure, needed)),
    ]),
  );
  for (const cycle of cyclesOf(graph)) {
    const [last = '', first = ''] = cycle.slice(-2);
    const index = infrastructure[last]?.depends_on?.indexOf(first) ?? 0;
    const found = `the cycle ${cycle.join(' → ')}`;
    report(['infrastructure', last, 'depends_on', index], found, 'an order in which they can start');
  }
};
