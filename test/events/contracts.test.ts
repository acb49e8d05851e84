import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  asyncApiOf,
  checkEventFiles,
  contractsOf,
  docsOf,
  eventFiles,
  readContracts,
  readSchemas,
  validateSchemas,
} from '../../src/events/index.ts';
import type { SchemaFile } from '../../src/events/schema-file.ts';
import type { EnvelopeKind } from '../../src/model/event.ts';
import { readTopology } from '../../src/topology/index.ts';

const TEMPLATE = new URL('../../templates/stack/', import.meta.url).pathname;
const FOLDER = join(TEMPLATE, 'event-schemas');

let files: SchemaFile[];
beforeAll(async () => {
  files = await readSchemas(FOLDER);
});

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function findingsOf(name: string, schema: unknown) {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc-events-'));
  folders.push(folder);
  const text = typeof schema === 'string' ? schema : JSON.stringify(schema, undefined, 2);
  await writeFile(join(folder, `${name}.json`), text);
  const files = await readSchemas(folder);
  return validateSchemas(files, folder).map(
    ({ code, message, place }) => `${place?.file}:${place?.line} ${code}: ${message}`,
  );
}

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';
const good = {
  $schema: DRAFT,
  $id: 'urn:qbtc:event:it:1',
  description: 'It.',
  type: 'object',
  properties: { a: { type: 'string', description: 'A.' } },
};

describe('the contracts of the stack that is scaffolded', () => {
  it('are sound, and cover every event that the stack speaks of', async () => {
    expect(validateSchemas(files, TEMPLATE)).toEqual([]);
    expect(contractsOf(files).names).toEqual(
      expect.arrayContaining([
        'llm_request',
        'llm_response',
        'trading_analysis_request',
        'trading_signal',
        'web_ui_update',
        'service_registered',
        'service_changed',
        'service_gone',
      ]),
    );
  });

  it('have a queue in the topology for every routing key that is not for private queues', async () => {
    const { bindings } = await readTopology([join(TEMPLATE, 'infrastructure/rabbitmq/topology.yaml')]);
    const bound = bindings.map(({ routing_key }) => routing_key);
    const keys = eventFiles(files).map(({ schema }) => schema['x-routing-key']);
    expect(keys.filter((key) => key !== undefined && !bound.includes(String(key)))).toEqual([
      'llm.cancel',
      'llm.models.request',
    ]);
  });

  it.each([
    ['qbtc.topic', 'cloudevents'],
    ['shop', 'none'],
    ['', 'none'],
  ] as const)('make an AsyncAPI 3 document that its own schema takes: exchange "%s", envelope %s', async (exchange, envelope) => {
    const document = asyncApiOf(files, { title: 'acme', version: '1', exchange, envelope }, [
      { service: 'llm-api', publishes: ['llm.request'], consumes: [] },
    ]);
    const specification = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0.json');
    const ajv = new Ajv({
      strict: false,
      validateFormats: false,
      meta: false,
      validateSchema: false,
      // The schema is large: code as it comes, each part once, is there four times sooner.
      inlineRefs: false,
      code: { optimize: false },
    });
    addFormats.default(ajv);
    const validate = ajv.compile(specification);
    const parsed = parse(document);
    expect(validate(parsed), JSON.stringify(validate.errors?.slice(0, 5))).toBe(true);
    expect(parsed.operations['llm-api_send_llm_request']).toMatchObject({
      action: 'send',
      channel: { $ref: '#/channels/llm_request' },
    });
    expect(parsed.channels.llm_request.bindings.amqp.exchange.name).toBe(exchange);
    const { payload, contentType } = parsed.components.messages.llm_request;
    expect([contentType, payload.$ref]).toEqual(
      envelope === 'none'
        ? ['application/json', '#/components/schemas/llm_request']
        : ['application/cloudevents+json', undefined],
    );
  });

  it('make a page that names every event and field', async () => {
    const page = docsOf(files);
    for (const { name } of eventFiles(files)) expect(page).toContain(`## ${name}`);
    expect(page).toContain('| `models[].owned_by` | string |');
  });
});

describe('validateSchemas', () => {
  it.each<[string, unknown, string[]]>([
    ['nothing', good, []],
    [
      'another draft',
      { ...good, $schema: 'http://json-schema.org/draft-07/schema#' },
      [`it.json:2 draft: found "http://json-schema.org/draft-07/schema#", expected "${DRAFT}"`],
    ],
    [
      'an id of another event',
      { ...good, $id: 'urn:qbtc:event:other:1' },
      ['it.json:3 id: found the event other in it.json'],
    ],
    [
      'a field without a description',
      { ...good, properties: { a: { type: 'string' } } },
      ['it.json:7 undescribed: the field a has no description'],
    ],
    [
      'what is no schema',
      { ...good, properties: { a: { type: 'strng', description: 'A.' } } },
      expect.arrayContaining([expect.stringMatching(/^it\.json:8 no-schema: \/properties\/a\/type /)]),
    ],
    [
      'a reference that leads nowhere',
      { ...good, properties: { a: { $ref: '#/$defs/none' } } },
      ["it.json:1 reference: can't resolve reference #/$defs/none from id urn:qbtc:event:it:1"],
    ],
    [
      'an example that does not match',
      { ...good, examples: [{ a: 1 }] },
      ['it.json:13 example: the example does not match: /a must be string'],
    ],
    [
      'a queue of an answer',
      { ...good, 'x-queue': 'q_it' },
      ['it.json:12 queue: a queue, and no x-routing-key: an answer goes to whoever has asked'],
    ],
    [
      'a queue that is none',
      { ...good, 'x-routing-key': 'it', 'x-queue': 5 },
      ['it.json:13 queue: found 5, expected the name of a queue'],
    ],
  ])('finds %s', async (_, schema, expected) => {
    expect(await findingsOf('it', schema)).toEqual(expected);
  });

  it('finds one event in two folders', async () => {
    const root = await mkdtemp(join(tmpdir(), 'qbtc-events-'));
    folders.push(root);
    const contractFolders = ['event-schemas', 'services/api/events'].map((each) => join(root, each));
    for (const folder of contractFolders) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'it.json'), JSON.stringify(good, undefined, 2));
    }
    const read = await readContracts({ root, contractFolders });
    expect(validateSchemas(read, root)).toMatchObject([
      {
        code: 'id',
        message: `${join('event-schemas', 'it.json')} has the $id urn:qbtc:event:it:1, too`,
        place: { file: join('services', 'api', 'events', 'it.json'), line: 3 },
      },
    ]);
  });

  it('names the place of a mistake in the JSON itself', async () => {
    await expect(findingsOf('it', '{\n  "a": [1,\n}\n')).rejects.toMatchObject({
      code: 'SCHEMA_INVALID',
      details: [expect.stringMatching(/it\.json:3:\d: Unexpected token '\}'$/)],
    });
  });
});

describe('contractsOf', () => {
  it('checks the envelope, the type, the version and the data', async () => {
    const contracts = contractsOf(files);
    const event = {
      specversion: '1.0',
      id: 'e',
      source: 'test',
      type: 'service_gone',
      time: '2026-01-05T10:00:00.000Z',
      datacontenttype: 'application/json',
      dataschema: 'urn:qbtc:event:service_gone:1',
      correlationid: 'c',
      data: { name: 'a', instance: 'a-1', reason: 'stopped' },
    };
    const problem = (change: object) => {
      const [first] = contracts.check({ ...event, ...change });
      return first === undefined ? undefined : `${first.path} ${first.message}`.trim();
    };
    expect(problem({})).toBeUndefined();
    expect(problem({ correlationid: 5 })).toBe('/correlationid must be string');
    expect(problem({ type: 'service_done' })).toBe('/type is service_done, which no contract describes');
    expect(problem({ dataschema: 'urn:qbtc:event:service_gone:2' })).toBe(
      '/dataschema is urn:qbtc:event:service_gone:2, expected urn:qbtc:event:service_gone:1',
    );
    expect(problem({ data: { ...event.data, reason: 'tired' } })).toBe(
      '/data/reason must be equal to one of the allowed values: stopped, crashed, expired',
    );
    expect(problem({ data: { ...event.data, x: 1 } })).toBe('/data must NOT have additional properties: x');
    expect(contracts.check('text')).toHaveLength(1);
  });
});

describe('checkEventFiles', () => {
  it.each<[EnvelopeKind, string, string, string[]]>([
    ['none', 'it.json', '{"a":"x"}', []],
    ['none', 'it.2.json', '{"a":1}', ['/a must be string']],
    ['none', 'that.json', '{}', ['the event is that, which no contract describes']],
    ['none', '__proto__.json', '{}', ['the event is __proto__, which no contract describes']],
    ['none', 'it.json', '7', ['the event must be object']],
    ['none', 'it.json', '{', ['JSON']],
    ['cloudevents', 'it.json', '{"a":"x"}', ['/type is undefined, which no contract describes']],
  ])('with the envelope %s finds in %s of %s: %j', async (envelope, name, text, problems) => {
    const folder = await mkdtemp(join(tmpdir(), 'qbtc-events-'));
    folders.push(folder);
    await writeFile(join(folder, name), text);
    const schema: SchemaFile = {
      name: 'it',
      file: '/it.json',
      schema: good,
      at: () => ({ line: 1, column: 1 }),
    };
    const findings = await checkEventFiles(contractsOf([schema]), folder, [name], envelope);
    expect(findings.map(({ message }) => message)).toEqual(
      problems.map((each) => expect.stringContaining(each)),
    );
  });
});
