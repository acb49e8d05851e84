import { textArray } from '@stack/runtime/text-array';
import { postgresServer, startPostgres } from '@stack/testing/postgres';
import { skipWithout, type TestServer } from '@stack/testing/server';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe.skipIf(skipWithout([postgresServer]))('a list of texts as a parameter', () => {
  let server: TestServer;
  let client: pg.Client;
  beforeAll(async () => {
    server = await startPostgres();
    client = new pg.Client({ connectionString: server.url });
    await client.connect();
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  const given = async (items: readonly (string | null)[]) =>
    (await client.query<{ items: unknown }>('select $1::text[] as items', [textArray(items)])).rows[0]?.items;

  it('comes as it is, whatever the texts hold', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', ',', 'NULL', ' ', '\n', 'ü', '𝒳') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text), { minLength: 1 }), async (items) => {
        // PostgreSQL keeps no U+0000.
        const kept = items.map((item) => item?.replaceAll('\0', '') ?? null);
        expect(await given(kept)).toEqual(kept);
      }),
    );
  });

  it('is refused with U+0000 as a text is, and has half of a character replaced', async () => {
    await expect(given(['a\0b'])).rejects.toMatchObject({ code: '22021' });
    expect(await given(['\ud83d', 'x'])).toEqual(['\ufffd', 'x']);
  });

  it('may be empty', async () => {
    expect(await given([])).toEqual([]);
  });
});
