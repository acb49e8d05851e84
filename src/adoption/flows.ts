import { from, placeText } from './comments.ts';
import type { ConsumedQueue, Draft, Field } from './draft/index.ts';
import { type Entry, yamlLines } from './yaml-lines.ts';

/** A flow that `init` writes. */
export interface WrittenFlow {
  /** Relative to the folder of the stack. */
  path: string;
  /** What it shows, in a few words. */
  about: string;
  text: string;
}

/** The flows of a draft: a first request to each service that speaks HTTP, a first message for each that consumes. */
export function flowsOf(draft: Draft): WrittenFlow[] {
  return [firstRequest(draft), firstEvent(draft)].filter((flow) => flow !== undefined);
}

function firstRequest({ services }: Draft): WrittenFlow | undefined {
  const asked = services.filter(({ firstRequest }) => firstRequest !== undefined);
  if (asked.length === 0) return undefined;
  const steps = asked.map(({ name, firstRequest }): Entry[] => {
    const { value = '/', guess } = firstRequest ?? {};
    return [
      { key: 'kind', value: 'http', ...(firstRequest && { comment: from(firstRequest) }) },
      {
        key: 'hop',
        value: [
          { key: 'subject', value: name.value },
          { key: 'proves', value: `${name.value} answers` },
        ],
      },
      {
        key: 'request',
        value: [
          { key: 'method', value: 'GET' },
          { key: 'url', value: `\${services.${name.value}.url}${value}` },
        ],
      },
      // Where nobody says that there is such a path, any answer but a failure shows that it is served.
      { key: 'expect', value: [{ key: 'status', value: [{ key: 'less_than', value: guess ? 500 : 400 }] }] },
    ];
  });
  const entries: Entry[] = [
    { key: 'name', value: 'first-request' },
    { key: 'description', value: 'Each service that speaks HTTP answers.' },
    { key: 'tags', value: ['smoke'] },
    { key: 'timeout', value: '30s' },
    { key: 'steps', value: { items: steps } },
  ];
  return {
    path: 'flows/first-request.yaml',
    about: 'a first request to each service',
    text: `# Made by "qbtc init".\n${yamlLines(entries).join('\n')}\n`,
  };
}

/** So long a message stays that nobody can take: what a service ends of comes back to it no longer. */
const LIVES_MS = 10_000;

/**
 * Who reads text takes any. JSON of another shape than it expects may end a service, so that message is prepared as a
 * comment, for somebody who knows the shape.
 */
function firstEvent({ services, resources }: Draft): WrittenFlow | undefined {
  const broker = resources.find(({ kind }) => kind === 'rabbitmq')?.name.value;
  const queues = new Map<string, { service: string; found: Field<ConsumedQueue> }>();
  for (const { name, consumes } of services)
    for (const found of consumes)
      if (!queues.has(found.value.queue)) queues.set(found.value.queue, { service: name.value, found });
  if (broker === undefined || queues.size === 0) return undefined;
  const all = [...queues.values()];
  const publishes = all.some(({ found }) => !found.value.json);
  const head: Entry[] = [
    { key: 'name', value: 'first-event' },
    {
      key: 'description',
      value: 'Each service that consumes from a queue listens there.',
    },
    // A message is sent where somebody asks for that, and not by each look at the stack.
    { key: 'tags', value: publishes ? ['events'] : ['smoke', 'events'] },
    { key: 'timeout', value: '60s' },
  ];
  const steps = all.flatMap(({ service, found }) => {
    const { json } = found.value;
    const sent = linesOf(messageSteps(service, broker, found));
    return [
      ...linesOf([listens(service, found)]),
      ...(json ? ['', '  # With an example of what it expects this proves that it takes one:'] : []),
      ...(json ? sent.map((line) => `  # ${line.slice(2)}`) : sent),
    ];
  });
  return {
    path: 'flows/first-event.yaml',
    about: 'a look at each queue that is consumed',
    text: `# Made by "qbtc init".\n${[...yamlLines(head), 'steps:', ...steps].join('\n')}\n`,
  };
}

/** The lines of steps, below `steps:`. */
function linesOf(items: Entry[][]): string[] {
  return yamlLines([{ key: 'steps', value: { items } }]).slice(1);
}

/** Clients try again every few seconds until their broker is there. */
const PATIENCE = '30s';

function listens(service: string, { value: { queue, asked } }: Field<ConsumedQueue>): Entry[] {
  const atLeastOne: Entry = { key: 'consumers', value: [{ key: 'at_least', value: 1 }] };
  return lookAt(queue, hop(service, `${service} consumes from ${queue}`), atLeastOne, placeText(asked));
}

function messageSteps(service: string, broker: string, found: Field<ConsumedQueue>): Entry[][] {
  const { queue, json } = found.value;
  return [
    [
      { key: 'kind', value: 'publish', comment: from(found) },
      { key: 'hop', value: hop(broker, `${queue} takes a message`) },
      {
        key: 'message',
        value: [
          { key: 'exchange', value: '', comment: 'the default exchange: it goes into this queue alone' },
          { key: 'routing_key', value: queue },
          {
            key: json ? 'json' : 'body',
            value: json ? [{ key: 'example', value: true }] : 'a first message',
            comment: `guess: nobody says what ${service} expects`,
          },
          {
            key: 'properties',
            value: [{ key: 'expiration', value: LIVES_MS, comment: 'what nobody can use is gone by then' }],
          },
        ],
      },
    ],
    lookAt(queue, hop(service, `${service} has taken it`), { key: 'messages', value: 0 }, from(found)),
  ];
}

function lookAt(queue: string, hop: Entry[], expect: Entry, comment: string): Entry[] {
  return [
    { key: 'kind', value: 'queue', comment },
    { key: 'hop', value: hop },
    { key: 'queue', value: queue },
    { key: 'expect', value: [expect] },
    { key: 'within', value: PATIENCE },
  ];
}

function hop(subject: string, proves: string): Entry[] {
  return [
    { key: 'subject', value: subject },
    { key: 'proves', value: proves },
  ];
}
