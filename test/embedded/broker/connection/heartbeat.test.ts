import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchHeartbeat } from '../../../../src/embedded/broker/connection/heartbeat.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A connection with heartbeats every second; gives when it has spoken and when it gave the client up. */
function watch() {
  const began = Date.now();
  const traffic = { bytesRead: 100, bytesWritten: 100, isBlocked: false };
  const sent: number[] = [];
  const cut: number[] = [];
  const since = () => Date.now() - began;
  const end = watchHeartbeat(1, traffic, {
    send: () => {
      sent.push(since());
      traffic.bytesWritten += 8;
    },
    onSilence: () => {
      cut.push(since());
      end();
    },
    failed: (error) => {
      throw error;
    },
  });
  return { traffic, sent, cut };
}

describe('heartbeats', () => {
  it('are sent twice in an interval while nothing else is said', () => {
    const { sent, traffic } = watch();
    const listening = setInterval(() => (traffic.bytesRead += 8), 400);
    vi.advanceTimersByTime(3_000);
    clearInterval(listening);
    expect(sent).toEqual([500, 1_000, 1_500, 2_000, 2_500, 3_000]);
  });

  it('are not sent where something else was said, but for the first', () => {
    const { sent, traffic } = watch();
    const talking = setInterval(() => {
      traffic.bytesWritten += 50;
      traffic.bytesRead += 8;
    }, 400);
    vi.advanceTimersByTime(3_000);
    clearInterval(talking);
    expect(sent).toEqual([500]);
  });

  it('cut a client that is silent from the beginning after three intervals, as RabbitMQ does', () => {
    const { cut } = watch();
    vi.advanceTimersByTime(5_000);
    expect(cut).toEqual([3_000]);
  });

  it('cut a client between two and three intervals after its last byte', () => {
    const { cut, traffic } = watch();
    vi.advanceTimersByTime(4_100);
    expect(cut).toEqual([3_000]);
    const other = watch();
    vi.advanceTimersByTime(1_900);
    other.traffic.bytesRead += 8;
    vi.advanceTimersByTime(5_000);
    expect(other.cut).toEqual([4_000]);
    expect(traffic.bytesRead).toBe(100);
  });

  it('do not cut a client that is not read from, and give it its time again afterwards', () => {
    const { cut, traffic } = watch();
    traffic.isBlocked = true;
    vi.advanceTimersByTime(10_000);
    traffic.isBlocked = false;
    vi.advanceTimersByTime(10_000);
    expect(cut).toEqual([13_000]);
  });
});
