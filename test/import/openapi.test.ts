import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchOf, preferences } from '../../src/import/openapi-paths.ts';
import { readRoutes } from '../../src/import/read-routes.ts';
import { anything } from './anything.ts';

const read = (document: unknown, options = {}) =>
  readRoutes('openapi', { shown: 'api.yaml', text: JSON.stringify(document, undefined, 2) }, options);

const PETS = {
  openapi: '3.1.0',
  info: { title: 'Pet Store', version: '1' },
  servers: [
    { url: 'https://{where}.pets.example/v1/', variables: { where: { default: 'eu' } } },
    { url: 'https://other.example' },
  ],
  security: [{ key: [] }],
  paths: {
    '/pets': {
      get: { operationId: 'listPets' },
      post: { summary: 'Make one', security: [{ sign: [] }] },
    },
    '/pets/{petId}': {
      summary: 'One pet',
      get: {},
      delete: { operationId: 'deletePet', 'x-adc-plugin-key-auth': {} },
    },
    '/pets/{petId}/{part}': { get: {} },
    '/pets/{petId}/photo': { get: { operationId: 'photoOf' } },
    '/pets:search': { $ref: '#/components/pathItems/search' },
    '/far': { $ref: 'far.yaml#/far' },
    '/made': { query: {}, post: {} },
  },
  webhooks: { born: { post: {} } },
  components: {
    pathItems: { search: { post: { operationId: 'search' } } },
    securitySchemes: {
      key: { type: 'apiKey', in: 'header', name: 'X-Key' },
      sign: { type: 'http', scheme: 'bearer' },
    },
  },
};

describe('an OpenAPI document', () => {
  test('becomes a route a path, to its first server, and names what a gateway does not read', async () => {
    const { objects, losses } = await read(PETS);
    expect(
      objects.map(({ kind, id, object: { uri, methods, priority } }) => [kind, id, uri, methods, priority]),
    ).toEqual([
      ['upstream', 'pet-store', undefined, undefined, undefined],
      ['route', 'pet-store-pets', '/v1/pets', ['GET', 'POST'], undefined],
      ['route', 'pet-store-pets-petid', '/v1/pets/*', ['GET'], undefined],
      ['route', 'pet-store-delete-pet', '/v1/pets/*', ['DELETE'], undefined],
      ['route', 'pet-store-pets-petid-part', '/v1/pets/*', ['GET'], 1],
      ['route', 'pet-store-photo-of', '/v1/pets/*', ['GET'], 2],
      ['route', 'pet-store-search', '/v1/pets*', ['POST'], undefined],
      ['route', 'pet-store-made', '/v1/made', ['POST'], undefined],
    ]);
    expect(objects[0]?.object).toEqual({
      type: 'roundrobin',
      scheme: 'https',
      pass_host: 'node',
      nodes: { 'eu.pets.example:443': 1 },
    });
    expect(objects[2]?.object).toMatchObject({
      desc: 'One pet',
      vars: [['uri', '~~', '^/v1/pets/[^/]+$']],
      upstream_id: 'pet-store',
    });
    expect(objects[3]?.object.plugins).toEqual({ 'key-auth': {} });
    expect(losses.map(({ field, reason, instead }) => [field, reason.split(':')[0], instead])).toEqual([
      ['servers[1]', 'servers are alternatives of each other', undefined],
      ['security', 'key', 'key-auth: { header: X-Key }'],
      ['paths./pets.post.security', 'sign', 'jwt-auth: {}'],
      ['paths./far.$ref', 'it is left out', 'one document with all in it'],
      ['paths./made.query', 'APISIX knows no such method', undefined],
      ['webhooks', 'they are called from here, not through the gateway', undefined],
    ]);
  });

  test('goes to a service of the stack that is named, below the path of its server', async () => {
    const { objects } = await read({ ...PETS, servers: [{ url: '/v2' }] }, { upstream: 'acme-pets' });
    expect(objects[0]).toMatchObject({
      kind: 'route',
      id: 'pets',
      object: { uri: '/v2/pets', upstream_id: 'acme-pets' },
    });
  });

  test('of the old form has its host, path and schemes', async () => {
    const { objects } = await read({
      swagger: '2.0',
      info: {},
      host: 'a.example:81',
      basePath: '/b/',
      paths: { '/c': { get: {} } },
    });
    expect(objects.map(({ object }) => object.nodes ?? object.uri)).toEqual([{ 'a.example:81': 1 }, '/b/c']);
  });

  test.each([
    [
      { openapi: '3.0.0', paths: {} },
      'IMPORT_NO_SERVER',
      'api.yaml does not say where the API is: it has no servers',
    ],
    [
      { openapi: '3.0.0', servers: [{ url: '/v1' }] },
      'IMPORT_NO_SERVER',
      'api.yaml does not say where the API is: its first server is /v1',
    ],
    [
      { paths: {} },
      'IMPORT_UNREADABLE',
      'api.yaml is no OpenAPI document: it says neither "openapi" nor "swagger"',
    ],
  ])('that cannot be taken says why: %j', async (document, code, message) => {
    await expect(read(document)).rejects.toMatchObject({ code, message });
  });

  test('of anything ends nothing', async () => {
    await fc.assert(
      fc.asyncProperty(anything, anything, anything, async (paths, security, item) => {
        const document = {
          openapi: '3',
          servers: [{ url: 'http://a' }],
          paths: { '/a': item, '/b': { get: item } },
        };
        await read({ ...document, security });
        await read({ ...document, paths, components: item });
      }),
    );
  });
});

const segment = fc.oneof(fc.constantFrom('{a}', '{b}.json', 'v{c}'), fc.stringMatching(/^[a-z.$+]{1,4}$/));
const template = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map((segments) => `/${segments.join('/')}`);

test('a template takes the paths that it stands for, and no other', () => {
  fc.assert(
    fc.property(template, fc.stringMatching(/^[a-z0-9]{1,5}$/), (path, value) => {
      const { uri, vars } = matchOf(path);
      const concrete = path.replace(/\{[^}]*\}/g, value);
      const takes = (asked: string) => {
        if (!uri.endsWith('*')) return asked === uri;
        const [[, , pattern] = []] = vars as [string, string, string][];
        return asked.startsWith(uri.slice(0, -1)) && new RegExp(String(pattern)).test(asked);
      };
      expect(takes(concrete)).toBe(true);
      expect(takes(`${concrete}/more`)).toBe(false);
      expect(takes(`/x${concrete}`)).toBe(false);
    }),
  );
});

test('of two templates for one path the one with more text of its own comes first', () => {
  expect([...preferences(['/a/{b}/c', '/a/{b}/{d}', '/a/{b}', '/e/{f}'])]).toEqual([
    ['/a/{b}/c', { priority: 2 }],
    ['/a/{b}/{d}', { priority: 1 }],
  ]);
});
