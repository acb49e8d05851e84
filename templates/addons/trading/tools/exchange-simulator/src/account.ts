import { errors } from './errors.ts';

export interface Balance {
  /** In hundred-millionths. */
  free: bigint;
  locked: bigint;
}

/** The one account of the simulated exchange. */
export class Account {
  readonly balances = new Map<string, Balance>();

  constructor(initial: Readonly<Record<string, bigint>>) {
    for (const [asset, free] of Object.entries(initial)) this.balances.set(asset, { free, locked: 0n });
  }

  of(asset: string): Balance {
    let balance = this.balances.get(asset);
    if (balance === undefined) {
      balance = { free: 0n, locked: 0n };
      this.balances.set(asset, balance);
    }
    return balance;
  }

  /** @throws ExchangeError −2010 when there is not so much */
  lock(asset: string, amount: bigint): void {
    const balance = this.of(asset);
    if (balance.free < amount) throw errors.balance();
    balance.free -= amount;
    balance.locked += amount;
  }

  unlock(asset: string, amount: bigint): void {
    const balance = this.of(asset);
    balance.locked -= amount;
    balance.free += amount;
  }

  /** Pays what was locked. */
  spend(asset: string, amount: bigint): void {
    this.of(asset).locked -= amount;
  }

  receive(asset: string, amount: bigint): void {
    this.of(asset).free += amount;
  }
}
