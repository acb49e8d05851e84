import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatMistake } from '../../src/config/mistake.ts';
import { QbtcError } from '../../src/errors.ts';
import { parseTopology, readTopology } from '../../src/topology/read.ts';

const mistakesIn = (text: string) =>
  parseTopology(text).mistakes.map((mistake) => formatMistake('t.yaml', mistake));

const GOOD = `exchanges:
  - { name: in, type: topic }
queues:
  - { name: q, arguments: { x-queue-type: quorum, x-dead-letter-exchange: in } }
bindings:
  - { source: in, destination: q, routing_key: a.b }
`;

describe('parseTopology', () => {
  it('fills in what may be left out', () => {
    expect(parseTopology(GOOD)).toEqual({
      mistakes: [],
      topology: {
        exchanges: [
          { name: 'in', type: 'topic', durable: true, auto_delete: false, internal: false, arguments: {} },
        ],
        queues: [
          {
            name: 'q',
            durable: true,
            auto_delete: false,
            arguments: { 'x-queue-type': 'quorum', 'x-dead-letter-exchange': 'in' },
          },
        ],
        bindings: [
          { source: 'in', destination: 'q', destination_type: 'queue', routing_key: 'a.b', arguments: {} },
        ],
        policies: [],
        permissions: [],
        limits: {},
      },
    });
  });

  it('takes the topology of the stack that is scaffolded', async () => {
    const file = new URL('../../templates/stack/infrastructure/rabbitmq/topology.yaml', import.meta.url);
    const topology = await readTopology([file.pathname]);
    expect(topology.queues.map((queue) => queue.name)).toContain('q_llm_requests');
  });

  it('reports every mistake of the shape at once, each with its place and the nearest word', () => {
    expect(
      mistakesIn(`exchanges:
  - { name: in, typ: topic }
  - { name: amq.mine, type: fanut }
queues:
  - { name: q, durable: "yes" }
bindngs: []
`),
    ).toEqual([
      't.yaml:2:5 exchanges[0].type: found nothing, expected one of direct, topic, fanout, headers',
      't.yaml:2:17 exchanges[0].typ: found the unknown key "typ", expected one of name, type, durable, auto_delete, internal or arguments; did you mean "type"?',
      't.yaml:3:13 exchanges[1].name: found "amq.mine", expected a name that does not start with "amq.": RabbitMQ keeps those for itself',
      't.yaml:3:29 exchanges[1].type: found "fanut", expected one of direct, topic, fanout, headers; did you mean "fanout"?',
      't.yaml:5:25 queues[0].durable: found "yes", expected true or false',
      't.yaml:6:1 bindngs: found the unknown key "bindngs", expected one of exchanges, queues, bindings, policies, permissions or limits; did you mean "bindings"?',
    ]);
  });

  it('reports what no single field can tell', () => {
    expect(
      mistakesIn(`exchanges:
  - { name: events, type: topic }
  - { name: events, type: fanout, arguments: { alternate-exchange: nowhere } }
queues:
  - name: q_orders
    durable: false
    arguments: { x-queue-type: quorum, x-message-ttl: soon, x-dead-leter-exchange: events, x-plugin-own: 1 }
  - { name: q_two, arguments: { x-dead-letter-exchange: event } }
bindings:
  - { source: evnts, destination: q_orders, routing_key: a }
  - { source: events, destination: q_order, routing_key: a }
  - { source: events, destination: q_two, routing_key: b }
  - { source: events, destination: q_two, routing_key: b }
  - { source: amq.topic, destination: events, destination_type: exchange }
`),
    ).toEqual([
      't.yaml:3:13 exchanges[1].name: found the exchange events a second time, expected each once',
      't.yaml:3:68 exchanges[1].arguments.alternate-exchange: found "nowhere", expected an exchange that is declared here',
      't.yaml:6:14 queues[0].durable: found false, expected true for a quorum queue',
      't.yaml:7:55 queues[0].arguments.x-message-ttl: found "soon", expected a whole number from 0',
      't.yaml:7:84 queues[0].arguments.x-dead-leter-exchange: found the argument "x-dead-leter-exchange", expected an argument that RabbitMQ knows; did you mean "x-dead-letter-exchange"?',
      't.yaml:8:57 queues[1].arguments.x-dead-letter-exchange: found "event", expected an exchange that is declared here, or "" for the default exchange; did you mean "events"?',
      't.yaml:10:15 bindings[0].source: found "evnts", expected an exchange that is declared here; did you mean "events"?',
      't.yaml:11:36 bindings[1].destination: found "q_order", expected a queue that is declared here; did you mean "q_orders"?',
      't.yaml:13:5 bindings[3]: found the binding events → q_two (b) a second time, expected each once',
    ]);
  });

  it.each([
    ['a tab', 'exchanges:\n\t- name: a\n', 't.yaml:2:1: found a tab'],
    [
      'nothing',
      '',
      't.yaml:1:1: found an empty file, expected a mapping with exchanges, queues, bindings, policies, permissions and limits',
    ],
    [
      'a list',
      '- a\n',
      't.yaml:1:1: found a list, expected a mapping with exchanges, queues, bindings, policies, permissions and limits',
    ],
  ])('names %s in place of a topology', (_, text, start) => {
    expect(mistakesIn(text)[0]).toContain(start);
  });
});

describe('readTopology', () => {
  it('throws one error for all mistakes, and one that names a file that is not there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qbtc-topology-'));
    try {
      const file = join(folder, 'topology.yaml');
      const missing: unknown = await readTopology([file]).catch((error: unknown) => error);
      expect(missing).toBeInstanceOf(QbtcError);
      expect(missing).toMatchObject({ code: 'TOPOLOGY_UNREADABLE' });
      await writeFile(file, 'queues:\n  - { nam: a }\n');
      const invalid: unknown = await readTopology([file]).catch((error: unknown) => error);
      expect(invalid).toMatchObject({ code: 'TOPOLOGY_INVALID', message: 'topology.yaml has 2 mistakes' });
      expect((invalid as QbtcError).details[0]).toContain(`${file}:2:5`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
