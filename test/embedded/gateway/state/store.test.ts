import { describe, expect, it } from 'vitest';
import { type Journal, volatileJournal } from '../../../../src/embedded/gateway/state/journal.ts';
import type { Change } from '../../../../src/embedded/gateway/state/resources.ts';
import { type Sealing, Store } from '../../../../src/embedded/gateway/state/store.ts';

const sealing: Sealing = {
  seal: (_, value) => value,
  unseal: (_, value) => value,
  reopen: (_, value) => value,
};

describe('the store', () => {
  it('takes a change back when the journal refuses it', async () => {
    let full = false;
    const journal: Journal = {
      ...volatileJournal,
      append: async () => {
        if (full) throw Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'write' });
      },
    };
    const store = await Store.open(journal, sealing);
    await store.put('routes', 'kept', { uri: '/kept' });
    full = true;
    const changes: Change[] = [];
    store.onChange((change) => changes.push(change));
    await expect(store.put('routes', 'kept', { uri: '/new' })).rejects.toThrow('no space');
    await expect(store.put('routes', 'lost', { uri: '/lost' })).rejects.toThrow('no space');
    await expect(store.delete('routes', 'kept')).rejects.toThrow('no space');
    expect(store.list('routes').map(({ id, value }) => [id, value.uri])).toEqual([['kept', '/kept']]);
    expect(changes.at(-1)?.after?.value).toEqual({ uri: '/kept' });
  });

  it('rewrites a journal that has grown far beyond what lives', async () => {
    const appended: string[] = [];
    let rewritten: string[] | undefined;
    const journal: Journal = {
      ...volatileJournal,
      append: async (record) => void appended.push(record),
      rewrite: async (records) => {
        rewritten = records;
      },
    };
    const store = await Store.open(journal, sealing);
    for (let i = 0; i < 5000; i++) await store.put('routes', 'one', { uri: `/${i}` });
    expect(rewritten).toHaveLength(1);
    const again = await Store.open(
      {
        ...volatileJournal,
        load: async () => ({
          records: (rewritten ?? []).map((json) => ({ json, file: '', offset: 0 })),
          damages: [],
        }),
      },
      sealing,
    );
    expect(again.get('routes', 'one')?.createdIndex).toBe(1);
  });

  it('keeps the object of a plugin’s configuration that did not change', async () => {
    const store = await Store.open(volatileJournal, sealing);
    const limit = { count: 1, time_window: 1 };
    await store.put('routes', 'r', { plugins: { 'limit-count': limit, cors: {} } });
    const { entry } = await store.put('routes', 'r', {
      desc: 'new',
      plugins: { 'limit-count': { ...limit }, cors: { max_age: 1 } },
    });
    expect((entry.value.plugins as { 'limit-count': object })['limit-count']).toBe(limit);
    expect(entry.value.plugins).toMatchObject({ cors: { max_age: 1 } });
  });

  it('lets go of a resource when its time is over', async () => {
    const store = await Store.open(volatileJournal, sealing);
    await store.put('routes', 'short', { uri: '/' }, 0.05);
    expect(store.get('routes', 'short')).toBeDefined();
    await expect.poll(() => store.get('routes', 'short')).toBeUndefined();
    await store.put('routes', 'short', { uri: '/' }, 0.05);
    await store.put('routes', 'short', { uri: '/' });
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(store.get('routes', 'short')).toBeDefined();
    await store.close();
  });
});
