import { type Decimal, decimal, plain, ZERO } from './decimal.ts';
import type { Fill } from './order.ts';

/** Bought at one price and not yet sold. */
export interface Lot {
  quantity: Decimal;
  price: Decimal;
}

/** A position as text, to be kept. */
export interface PositionState {
  realised: string;
  lots: readonly { quantity: string; price: string }[];
  otherFees: Readonly<Record<string, string>>;
}

/**
 * What is held of one symbol, by lots: a sale closes the oldest lots first. So profit and loss are sums and products
 * only, exact to the last decimal: realised + unrealised(mark) = money received − money paid + quantity × mark.
 *
 * Fees in the base asset shrink what was bought and count as realised loss at the price of the fill; fees in the quote
 * asset are realised loss; fees in a third asset (BNB) have no price here and stand in `otherFees`.
 */
export class Position {
  readonly symbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly lots: Lot[] = [];
  readonly otherFees = new Map<string, Decimal>();
  #quantity = ZERO;
  #realised = ZERO;

  constructor(symbol: string, baseAsset: string, quoteAsset: string) {
    this.symbol = symbol;
    this.baseAsset = baseAsset;
    this.quoteAsset = quoteAsset;
  }

  /** As it was when `toJSON` gave it. */
  static from(
    { symbol, baseAsset, quoteAsset }: Pick<Position, 'symbol' | 'baseAsset' | 'quoteAsset'>,
    state: PositionState,
  ): Position {
    const position = new Position(symbol, baseAsset, quoteAsset);
    for (const { quantity, price } of state.lots) {
      position.lots.push({ quantity: decimal(quantity), price: decimal(price) });
      position.#quantity = position.#quantity.plus(quantity);
    }
    position.#realised = decimal(state.realised);
    for (const [asset, fee] of Object.entries(state.otherFees)) position.otherFees.set(asset, decimal(fee));
    return position;
  }

  toJSON(): PositionState {
    return {
      realised: plain(this.#realised),
      lots: this.lots.map(({ quantity, price }) => ({ quantity: plain(quantity), price: plain(price) })),
      otherFees: Object.fromEntries([...this.otherFees].map(([asset, fee]) => [asset, plain(fee)])),
    };
  }

  get quantity(): Decimal {
    return this.#quantity;
  }

  /** In the quote asset. */
  get realised(): Decimal {
    return this.#realised;
  }

  /** What the lots have cost, in the quote asset. */
  get cost(): Decimal {
    return this.lots.reduce((sum, { quantity, price }) => sum.plus(quantity.times(price)), ZERO);
  }

  /** What selling all at the mark would realise, fees apart. */
  unrealised(mark: Decimal): Decimal {
    return this.#quantity.times(mark).minus(this.cost);
  }

  /** Takes a fill in; a sale of more than is held leaves a lot of negative quantity, which a later purchase closes. */
  apply({ side, price, quantity, commission, commissionAsset }: Fill): void {
    this.#trade(side === 'buy' ? quantity : quantity.times('-1'), price);
    if (commission.eq(ZERO)) return;
    if (commissionAsset === this.quoteAsset) this.#realised = this.#realised.minus(commission);
    else if (commissionAsset === this.baseAsset) {
      // As if it were sold for nothing.
      this.#trade(commission.times('-1'), ZERO);
    } else
      this.otherFees.set(commissionAsset, (this.otherFees.get(commissionAsset) ?? ZERO).plus(commission));
  }

  /** @param change positive for what comes in, negative for what goes out */
  #trade(change: Decimal, price: Decimal): void {
    this.#quantity = this.#quantity.plus(change);
    let open = change;
    while (!open.eq(ZERO)) {
      const [lot] = this.lots;
      if (lot === undefined || lot.quantity.gt(ZERO) === open.gt(ZERO)) {
        this.lots.push({ quantity: open, price });
        return;
      }
      const closed = lot.quantity.abs().lt(open.abs()) ? lot.quantity : open.times('-1');
      this.#realised = this.#realised.plus(closed.times(price.minus(lot.price)));
      lot.quantity = lot.quantity.minus(closed);
      open = open.plus(closed);
      if (lot.quantity.eq(ZERO)) this.lots.shift();
    }
  }
}
