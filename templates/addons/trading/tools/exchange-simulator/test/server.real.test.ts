import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { CREDENTIALS, listen, signed, startSimulator } from './simulator.ts';

const ORDER = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  quantity: '0.001',
  price: '1000000.00',
};

describe('the REST protocol', () => {
  test('says in every answer that it is simulated', async () => {
    const { url } = await startSimulator();
    for (const path of [
      '/api/v3/time',
      '/api/v3/klines?symbol=BTCUSDT&interval=1s',
      '/nothing',
      '/api/v3/account',
      '/simulator',
    ]) {
      expect((await fetch(url + path)).headers.get('x-simulated'), path).toBe('exchange-simulator');
    }
    expect(await (await fetch(`${url}/api/v3/exchangeInfo`)).json()).toMatchObject({ simulated: true });
  });

  test('takes what is signed, and tells what is wrong with what is not', async () => {
    const { url } = await startSimulator();
    const placed = await signed(url, 'POST', '/api/v3/order', { ...ORDER, newClientOrderId: 'mine' });
    expect(placed).toMatchObject({
      status: 200,
      body: { status: 'FILLED', clientOrderId: 'mine', executedQty: '0.00100' },
    });
    for (const [changes, code] of [
      [{ secret: 'other' }, -1022],
      [{ tamper: '&quantity=5' }, -1022],
      [{ key: 'other' }, -2015],
      [{ timestamp: Date.now() - 60_000 }, -1021],
      [{ timestamp: Date.now() + 5_000 }, -1021],
    ] as const) {
      expect(
        await signed(url, 'POST', '/api/v3/order', ORDER, changes),
        JSON.stringify(changes),
      ).toMatchObject({ body: { code } });
    }
    for (const [change, code] of [
      [{ symbol: 'NOPE' }, -1121],
      [{ side: 'HOLD' }, -1117],
      [{ type: 'STOP' }, -1116],
      [{ timeInForce: 'GTX' }, -1115],
      [{ quantity: '0.000001' }, -1013],
      [{ price: '1.001' }, -1013],
      [{ quantity: '0.00001', price: '1.00' }, -1013],
      [{ newClientOrderId: 'with space' }, -1100],
      [{ price: '' }, -1102],
      [{ quantity: '9000', price: '900000.00' }, -2010],
    ] as const) {
      expect(
        await signed(url, 'POST', '/api/v3/order', { ...ORDER, ...change }),
        JSON.stringify(change),
      ).toMatchObject({ status: 400, body: { code } });
    }
  });

  test('finds orders and fills again, and cancels', async () => {
    const { url } = await startSimulator();
    await signed(url, 'POST', '/api/v3/order', {
      ...ORDER,
      price: '10.00',
      quantity: '1',
      newClientOrderId: 'low',
    });
    const by = { symbol: 'BTCUSDT', origClientOrderId: 'low' };
    expect(await signed(url, 'GET', '/api/v3/order', by)).toMatchObject({
      body: { status: 'NEW', price: '10.00' },
    });
    expect((await signed(url, 'GET', '/api/v3/openOrders', {})).body).toHaveLength(1);
    expect(await signed(url, 'DELETE', '/api/v3/order', by)).toMatchObject({ body: { status: 'CANCELED' } });
    expect(await signed(url, 'DELETE', '/api/v3/order', by)).toMatchObject({ body: { code: -2011 } });
    expect(await signed(url, 'GET', '/api/v3/order', { ...by, origClientOrderId: 'none' })).toMatchObject({
      body: { code: -2013 },
    });
    const { body } = await signed(url, 'POST', '/api/v3/order', ORDER);
    const { orderId, fills } = body as { orderId: number; fills: { tradeId: number }[] };
    const trades = (await signed(url, 'GET', '/api/v3/myTrades', { symbol: 'BTCUSDT', orderId })).body as {
      id: number;
    }[];
    expect(trades.map(({ id }) => id)).toEqual(fills.map(({ tradeId }) => tradeId));
    const account = (await signed(url, 'GET', '/api/v3/account', {})).body as {
      balances: { asset: string; free: string }[];
    };
    expect(account.balances).toContainEqual({ asset: 'BTC', free: '0.00099900', locked: '0.00000000' });
  });

  test('counts weight and orders in headers, refuses with 429, and bans who does not stop', async () => {
    const { url } = await startSimulator({ limits: { weight: 60, ordersIn10Seconds: 2, ordersInADay: 100 } });
    const first = await signed(url, 'POST', '/api/v3/order', ORDER);
    expect(first.headers.get('x-mbx-used-weight-1m')).toBe('1');
    expect(first.headers.get('x-mbx-order-count-10s')).toBe('1');
    const statuses: number[] = [];
    // A minute may turn meanwhile, and everything be allowed again.
    while (statuses.at(-1) !== 418 && statuses.length < 500)
      statuses.push((await fetch(`${url}/api/v3/ping`)).status);
    expect(statuses[0]).toBe(200);
    expect(statuses).toContain(429);
    expect(statuses.at(-1)).toBe(418);
    const banned = await fetch(`${url}/api/v3/ping`);
    expect(Number(banned.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await banned.json()).toMatchObject({ code: -1003 });
  });
});

describe('the streams', () => {
  test('send trades, best prices, depth without a hole, and candles; each says that it is simulated', async () => {
    const { url } = await startSimulator({ speed: 5 });
    const { messages, until } = await listen(
      `${url}/stream?streams=btcusdt@trade/btcusdt@bookTicker/btcusdt@depth@100ms/btcusdt@kline_1s`,
    );
    await until(40);
    const data = messages.map((message) => message.data as Record<string, unknown>);
    expect(data.every(({ simulated }) => simulated === true)).toBe(true);
    const diffs = data.filter(({ e }) => e === 'depthUpdate') as { U: number; u: number }[];
    for (const [index, diff] of diffs.entries())
      if (index > 0) expect(diff.U).toBe((diffs[index - 1]?.u ?? 0) + 1);
    expect(new Set(data.map(({ e }) => e ?? 'bookTicker'))).toEqual(
      new Set(['trade', 'bookTicker', 'depthUpdate', 'kline']),
    );
  });

  test('whatever is sent to them gets an answer, and nobody is cut off', async () => {
    const { url } = await startSimulator();
    for (const path of ['/stream', '/ws-api/v3']) {
      const { socket, messages, until } = await listen(url + path);
      for (const text of [
        'null',
        '7',
        '[',
        '{}',
        '{"method":5}',
        '{"method":"SUBSCRIBE","params":[1,{}]}',
        '{"method":"userDataStream.subscribe.signature","params":null}',
      ])
        socket.send(text);
      await until(7);
      expect(
        messages.every((message) => 'error' in message || 'result' in message || 'data' in message),
      ).toBe(true);
      expect(socket.readyState).toBe(socket.OPEN);
    }
    expect((await fetch(`${url}/api/v3/ping`)).status).toBe(200);
  });

  test('the account hears of its orders, after it has signed', async () => {
    const { url } = await startSimulator();
    const { socket, messages, until } = await listen(`${url}/ws-api/v3`);
    const subscribe = (id: number, secret: string) => {
      const params = { apiKey: CREDENTIALS.key, timestamp: String(Date.now()) };
      const signature = createHmac('sha256', secret)
        .update(new URLSearchParams(params).toString())
        .digest('hex');
      socket.send(
        JSON.stringify({
          id,
          method: 'userDataStream.subscribe.signature',
          params: { ...params, signature },
        }),
      );
    };
    subscribe(1, 'wrong');
    subscribe(2, CREDENTIALS.secret);
    await until(2);
    expect(messages).toMatchObject([
      { id: 1, error: { code: -1022 } },
      { id: 2, status: 200 },
    ]);
    await signed(url, 'POST', '/api/v3/order', { ...ORDER, newClientOrderId: 'heard' });
    await until(5);
    const events = messages.slice(2).map(({ event }) => event as Record<string, unknown>);
    expect(events[0]).toMatchObject({ e: 'executionReport', c: 'heard', x: 'NEW' });
    expect(events).toContainEqual(expect.objectContaining({ x: 'TRADE', X: 'FILLED' }));
  });
});

describe('faults on request', () => {
  const fault = async (url: string, body: object) => {
    const answer = await fetch(`${url}/simulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as { error?: string } };
  };

  test('orders whose outcome nobody tells: executed or not', async () => {
    const { url, exchange } = await startSimulator();
    await fault(url, { kind: 'timeout', executed: true });
    expect(await signed(url, 'POST', '/api/v3/order', { ...ORDER, newClientOrderId: 'a' })).toMatchObject({
      status: 408,
      body: { code: -1007 },
    });
    expect(exchange.find('BTCUSDT', { clientOrderId: 'a' })?.status).toBe('FILLED');
    await fault(url, { kind: 'timeout', executed: false, answer: 'none' });
    await expect(signed(url, 'POST', '/api/v3/order', { ...ORDER, newClientOrderId: 'b' })).rejects.toThrow();
    expect(exchange.find('BTCUSDT', { clientOrderId: 'b' })).toBeUndefined();
    await fault(url, { kind: 'reject' });
    expect(await signed(url, 'POST', '/api/v3/order', ORDER)).toMatchObject({ body: { code: -2010 } });
    expect(await signed(url, 'POST', '/api/v3/order', ORDER)).toMatchObject({ status: 200 });
  });

  test('its clock, a ban, and what is not known', async () => {
    const { url } = await startSimulator();
    await fault(url, { kind: 'skew', ms: 30_000 });
    expect(await signed(url, 'GET', '/api/v3/account', {})).toMatchObject({ body: { code: -1021 } });
    await fault(url, { kind: 'skew', ms: 0 });
    await fault(url, { kind: 'ban', ms: 60_000 });
    expect((await fetch(`${url}/api/v3/ping`)).status).toBe(418);
    await fetch(`${url}/simulator/faults`, { method: 'DELETE' });
    expect((await fetch(`${url}/api/v3/ping`)).status).toBe(200);
    expect(await fault(url, { kind: 'nothing' })).toMatchObject({ status: 400 });
    expect((await fault(url, { kind: 'gap', count: -1 })).body.error).toContain('count');
  });

  test('a stream with a hole, with twins, out of order, and cut off', async () => {
    const { url } = await startSimulator({ speed: 3 });
    const { messages, socket, until } = await listen(`${url}/ws/btcusdt@depth@100ms`);
    await until(2);
    await fault(url, { kind: 'gap', count: 1 });
    await until(5);
    const holes = (list: { U: number; u: number }[]) =>
      list.filter((diff, index) => index > 0 && diff.U !== (list[index - 1]?.u ?? 0) + 1).length;
    expect(holes(messages as never)).toBe(1);
    await fault(url, { kind: 'duplicate', count: 1 });
    await until(messages.length + 3);
    const ids = messages.map(({ u }) => u);
    expect(new Set(ids).size).toBe(ids.length - 1);
    const closed = once(socket, 'close');
    await fault(url, { kind: 'disconnect' });
    await closed;
  });
});

test('the market swings on request, beside the drift of others', async () => {
  const { url, exchange } = await startSimulator();
  const ask = async (body: object) => {
    const answer = await fetch(`${url}/simulator/market`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as object };
  };
  const symbol = 'ETHUSDT';
  expect(await ask({ symbol, swing: 0.002, swing_every: 60, seconds: 100 })).toMatchObject({
    status: 200,
    body: { drift: 0, swing: 0.002 },
  });
  expect(await ask({ symbol, drift: 0.0001, seconds: 0.1 })).toMatchObject({
    body: { drift: 0.0001, swing: 0.002 },
  });
  await expect.poll(() => exchange.market(symbol).pull.share).toBe(0.002);
  expect((await ask({ symbol, swing: 1 })).status).toBe(400);
  expect((await ask({ symbol, swing: 0.1, swing_every: 0 })).status).toBe(400);
});

test('a request for a stream that names no address is answered, and harms nobody', async () => {
  const { url } = await startSimulator();
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write('GET // HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 404 /);
  socket.destroy();
  expect((await fetch(`${url}/api/v3/time`)).status).toBe(200);
});
