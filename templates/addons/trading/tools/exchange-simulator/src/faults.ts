import * as z from 'zod';

const count = z.int().min(1).max(100_000).default(1);
const ms = z.int().min(1).max(600_000);

/** What can be made to go wrong, by `POST /simulator/faults`. */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('disconnect') }).describe('Ends every WebSocket connection.'),
  z.strictObject({ kind: z.literal('gap'), count }).describe('Leaves the next depth events out.'),
  z.strictObject({ kind: z.literal('duplicate'), count }).describe('Sends the next stream events twice.'),
  z
    .strictObject({ kind: z.literal('reorder'), count })
    .describe('Sends the next stream events after the one that follows.'),
  z.strictObject({ kind: z.literal('silence'), ms }).describe('Sends no stream events for so long.'),
  z
    .strictObject({ kind: z.literal('delay'), ms, count })
    .describe('Answers the next requests that much later.'),
  z.strictObject({ kind: z.literal('reject'), count }).describe('Rejects the next orders.'),
  z
    .strictObject({
      kind: z.literal('timeout'),
      count,
      executed: z.boolean().default(true),
      answer: z.enum(['error', 'none']).default('error'),
    })
    .describe(
      'Executes the next orders or not, and in both cases gives no result: error −1007, or a connection that is cut.',
    ),
  z.strictObject({ kind: z.literal('limit'), ms }).describe('Answers everything with 429 for so long.'),
  z.strictObject({ kind: z.literal('ban'), ms }).describe('Answers everything with 418 for so long.'),
  z
    .strictObject({ kind: z.literal('skew'), ms: z.int().min(-86_400_000).max(86_400_000) })
    .describe('Sets its clock that much ahead; 0 sets it right.'),
]);
export type Fault = z.output<typeof faultSchema>;
type Kind = Fault['kind'];

/** The faults that are still to happen. */
export class Faults {
  readonly #left = new Map<Kind, { fault: Fault; left: number; until: number }>();
  skewMs = 0;

  set(fault: Fault): void {
    if (fault.kind === 'skew') this.skewMs = fault.ms;
    else if (fault.kind !== 'disconnect')
      this.#left.set(fault.kind, {
        fault,
        left: 'count' in fault ? fault.count : Number.POSITIVE_INFINITY,
        until: 'count' in fault ? Number.POSITIVE_INFINITY : Date.now() + fault.ms,
      });
  }

  /** The fault of this kind if it is to happen now; then there is one less to come. */
  take<K extends Kind>(kind: K): Extract<Fault, { kind: K }> | undefined {
    const rule = this.#left.get(kind);
    if (rule === undefined) return undefined;
    if (rule.left <= 0 || Date.now() > rule.until) {
      this.#left.delete(kind);
      return undefined;
    }
    rule.left -= 1;
    return rule.fault as Extract<Fault, { kind: K }>;
  }

  clear(): void {
    this.#left.clear();
    this.skewMs = 0;
  }

  list(): { kind: string; left: number | null }[] {
    return [...this.#left].map(([kind, { left }]) => ({ kind, left: Number.isFinite(left) ? left : null }));
  }
}
