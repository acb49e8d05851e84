import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PluginHost } from '../../../../src/embedded/gateway/plugin.ts';
import {
  type Batching,
  BatchProcessor,
} from '../../../../src/embedded/gateway/plugin-support/batch-processor.ts';

const logged: string[] = [];
const gauged: [labels: unknown, value: number][] = [];
let ends: (() => Promise<void>)[] = [];
let shared = new Map<object, unknown>();

const host = {
  shared: (key: object, create: () => unknown) => {
    if (!shared.has(key)) shared.set(key, create());
    return shared.get(key);
  },
  log: (level: string, message: string) => logged.push(`${level} ${message}`),
  onClose: (end: () => Promise<void>) => ends.push(end),
  gauge: (_gauge: unknown, labels: unknown, value: number) => gauged.push([labels, value]),
  now: () => 0,
} as unknown as PluginHost;

/** A processor, and what it has sent. */
function processor(batching: Partial<Batching> = {}, failures = 0) {
  const sent: string[][] = [];
  const made = new BatchProcessor(
    {
      ...{ name: 'b', max_retry_count: 0, retry_delay: 1, buffer_duration: 60, inactive_timeout: 5 },
      batch_max_size: 3,
      ...batching,
    },
    async (entries) => {
      sent.push(entries);
      if (sent.length <= failures) throw new Error('refused');
    },
    host,
  );
  return { made, sent };
}

describe('a batch processor', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    logged.length = 0;
    gauged.length = 0;
    ends = [];
    shared = new Map();
  });
  afterEach(() => vi.useRealTimers());

  it('sends a batch that is full at once, and the rest when nothing more comes', async () => {
    const { made, sent } = processor();
    for (const entry of ['1', '2', '3', '4']) made.push(entry);
    expect(sent).toEqual([['1', '2', '3']]);
    await vi.advanceTimersByTimeAsync(4_000);
    made.push('5');
    await vi.advanceTimersByTimeAsync(4_999);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent[1]).toEqual(['4', '5']);
  });

  it('tells how many wait, under the route of the first', async () => {
    const { made } = processor();
    for (const routeId of ['1', '2', '3']) made.push('x', { routeId, serverAddress: '127.0.0.1' });
    const labels = { name: 'b', route_id: '1', server_addr: '127.0.0.1' };
    expect(gauged).toEqual([1, 2, 0].map((value) => [labels, value]));
  });

  it('keeps no entry longer than it may, however many come', async () => {
    const { made, sent } = processor({ batch_max_size: 1000, buffer_duration: 8 });
    for (let second = 0; second < 8; second++) {
      made.push(String(second));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(sent).toEqual([['0', '1', '2', '3', '4', '5', '6', '7']]);
  });

  it('tries again as often as it is told, then says what is lost', async () => {
    const { made, sent } = processor({ max_retry_count: 2, retry_delay: 3 }, 2);
    for (const entry of ['1', '2', '3']) made.push(entry);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(sent).toHaveLength(3);
    const losing = processor({ max_retry_count: 1 }, 9);
    for (const entry of ['1', '2', '3']) losing.made.push(entry);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(losing.sent).toHaveLength(2);
    expect(logged.filter((line) => line.startsWith('error'))).toHaveLength(4);
    expect(logged.at(-1)).toBe(
      'warn entries of Batch Processor[b] lost: 3 (exceeded the max_retry_count: refused)',
    );
  });

  it('holds so much and no more', async () => {
    const { made, sent } = processor({ batch_max_size: 1000 });
    const large = 'x'.repeat(6 * 1024 * 1024);
    for (let i = 0; i < 3; i++) made.push(large);
    expect(logged).toEqual([expect.stringContaining('lost: 1 (more than 16777216 characters wait)')]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent.map((batch) => batch.length)).toEqual([2]);
    made.push(large);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent.map((batch) => batch.length)).toEqual([2, 1]);
  });

  it('sends what is there when the gateway closes, and tries a last time what had failed', async () => {
    const waiting = processor();
    waiting.made.push('1');
    const failed = processor({ max_retry_count: 9, retry_delay: 3600, batch_max_size: 1 }, 1);
    failed.made.push('2');
    const down = processor({ max_retry_count: 9, batch_max_size: 1 }, 9);
    down.made.push('3');
    processor({}, 0);
    await vi.advanceTimersByTimeAsync(1);
    expect(ends).toHaveLength(1);
    await ends[0]?.();
    expect(waiting.sent).toEqual([['1']]);
    expect(failed.sent).toEqual([['2'], ['2']]);
    expect(down.sent).toHaveLength(2);
    expect(logged.at(-1)).toContain('lost: 1');
  });

  it('does not wait for ever when the gateway closes', async () => {
    const hanging = new BatchProcessor(
      {
        name: 'h',
        max_retry_count: 0,
        retry_delay: 1,
        buffer_duration: 60,
        inactive_timeout: 5,
        batch_max_size: 1,
      },
      () => new Promise(() => {}),
      host,
    );
    hanging.push('1');
    let ended = false;
    void hanging.end().then(() => {
      ended = true;
    });
    await vi.advanceTimersByTimeAsync(4_999);
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toBe(true);
  });
});
