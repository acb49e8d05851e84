import type { PositionDocument } from '../position-news.ts';

/** The answer of `GET /api/trading/status`. */
export interface StatusDocument {
  mode: string;
  strategy: string;
  exchange?: string;
  venue?: string;
  trading: boolean;
  why_not: string | null;
  kill_switch: { killed: boolean; reason: string; by: string; at: string };
  orders_undone?: number;
  symbols?: {
    symbol: string;
    mark: number | null;
    synced: boolean;
    age_ms: number | null;
    book_levels: number;
    resyncs: number;
  }[];
}

export interface PnlDocument {
  realised: string;
  unrealised: string;
  today: string;
  positions: PositionDocument[];
}

export interface OrdersDocument {
  orders: {
    created_at: string;
    symbol: string;
    side: string;
    quantity: string;
    price: string;
    executed: string;
    status: string;
    client_order_id: string;
    reason: string | null;
  }[];
}

export interface KillDocument {
  kill_switch: { killed: boolean; reason: string; persisted: boolean };
  orders_cancelled?: number;
}

/** Columns as wide as their widest cell; numbers, which begin with a digit or a sign, to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[], numbers: boolean) =>
    cells
      .map((cell, column) => {
        const right = numbers && /^[-+\d]/.test(cell);
        return right ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
      })
      .join('  ')
      .trimEnd();
  return [line(head, false), ...rows.map((row) => line(row, true))].join('\n');
}

export function statusText(status: StatusDocument): string {
  const { mode, strategy, exchange, trading, why_not, kill_switch, symbols = [], orders_undone = 0 } = status;
  const said = trading ? '✔ trades' : `✖ does not trade: ${why_not}`;
  const lines = [
    `${said}`,
    `  mode ${mode}, strategy ${strategy}${exchange === undefined ? '' : `, ${exchange}`}`,
    ...(kill_switch.killed
      ? [`  killed by ${kill_switch.by} at ${kill_switch.at}: ${kill_switch.reason}`]
      : []),
    `  orders not done: ${orders_undone}`,
  ];
  if (symbols.length === 0) return lines.join('\n');
  const rows = symbols.map(({ symbol, mark, synced, age_ms, book_levels, resyncs }) => [
    symbol,
    mark === null ? '–' : String(mark),
    synced ? 'in step' : 'not in step',
    String(book_levels),
    age_ms === null ? '–' : `${age_ms} ms`,
    String(resyncs),
  ]);
  return [...lines, '', table(['symbol', 'mark', 'book', 'levels', 'heard', 'fetched'], rows)].join('\n');
}

export function positionsTable({ realised, unrealised, today, positions }: PnlDocument): string {
  const rows = positions.map(({ symbol, quantity, cost, mark, realised: got, unrealised: open }) => [
    symbol,
    quantity,
    cost,
    mark ?? '–',
    got,
    open ?? '–',
  ]);
  return [
    table(['symbol', 'held', 'cost', 'mark', 'realised', 'unrealised'], rows),
    '',
    `realised ${realised}, unrealised ${unrealised}, today ${today}`,
  ].join('\n');
}

export function ordersTable({ orders }: OrdersDocument): string {
  if (orders.length === 0) return 'no orders';
  const rows = orders.map(({ created_at, symbol, side, quantity, price, executed, status }) => [
    new Date(created_at).toISOString().slice(5, 19).replace('T', ' '),
    symbol,
    side,
    quantity,
    price,
    executed,
    status,
  ]);
  return table(['created', 'symbol', 'side', 'quantity', 'price', 'executed', 'status'], rows);
}

export function killTable({ kill_switch, orders_cancelled }: KillDocument): string {
  const { killed, reason, persisted } = kill_switch;
  const first = killed ? `✔ killed: no new orders (${reason})` : `✔ trading goes on (${reason})`;
  const cancelled = killed ? `\n  open orders cancelled: ${orders_cancelled ?? 0}` : '';
  return persisted
    ? `${first}${cancelled}`
    : `${first}${cancelled}\n  not written down yet: the database is away`;
}
