import { EventEmitter } from 'node:events';
import type { Database } from '@stack/runtime/database';
import { createLog } from '@stack/runtime/logging';
import { expect, test, vi } from 'vitest';
import { openLeadership } from '../src/leadership.ts';

const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });

/** A database that gives the lock to whoever asks, and one connection. */
function database() {
  const client = Object.assign(new EventEmitter(), {
    query: async () => ({ rows: [{ held: true }] }),
    release: vi.fn(),
  });
  const connect = vi.fn(async () => client);
  return { client, connect, database: { pool: { connect } } as unknown as Database };
}

test('an end while the lock is being taken gives the connection back: the database could not close without it', async () => {
  const { client, connect, database: given } = database();
  let isRead = () => {};
  const onHeld = vi.fn(
    () =>
      new Promise<void>((resolve) => {
        isRead = resolve;
      }),
  );
  const leadership = openLeadership({ database: given, name: 'account', log, onHeld });
  await expect.poll(() => onHeld).toHaveBeenCalled();
  await leadership.close();
  expect(client.release).not.toHaveBeenCalled();
  isRead();
  await expect.poll(() => client.release).toHaveBeenCalledExactlyOnceWith(true);
  expect(leadership.missing).toContain('lost');
  expect(connect).toHaveBeenCalledOnce();
});

test('an end while it trades gives the connection back', async () => {
  const { client, database: given } = database();
  const leadership = openLeadership({ database: given, name: 'account', log, onHeld: async () => {} });
  await expect.poll(() => leadership.missing).toBeUndefined();
  await leadership.close();
  expect(client.release).toHaveBeenCalledExactlyOnceWith(true);
});
