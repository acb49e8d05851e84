import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse, marketVector, type Proposal, READINGS, readingsOf } from '../src/trading.ts';

const rising: Proposal = {
  side: 'buy',
  price: 105,
  // atr 4: (103 − 101) / 4 = 0.5, (105 − 101) / 4 = 1; rsi 21: (30 − 21) / 30 = 0.3
  indicators: { ema_20: 103, ema_50: 101, rsi_14: 21, atr_14: 4 },
};

describe('readings', () => {
  it('are those computed by hand', () => {
    expect(readingsOf(rising)).toEqual([
      { name: 'trend', value: 0.5 },
      { name: 'price', value: 1 },
      { name: 'rsi', value: expect.closeTo(0.3, 12) },
    ]);
    const all = readingsOf({
      side: 'sell',
      price: 200,
      indicators: {
        macd: 1,
        macd_signal: 2,
        bollinger_lower: 180,
        bollinger_upper: 220,
        stochastic_k: 90,
        roc_10: -2,
      },
    });
    // Without a range the unit is a hundredth of the price, 2.
    expect(all).toEqual([
      { name: 'macd', value: -0.5 },
      { name: 'bollinger', value: 0 },
      { name: 'stochastic', value: -0.5 },
      { name: 'rate_of_change', value: -0.4 },
    ]);
  });

  it('leave alone what they do not know, and what is no number', () => {
    expect(readingsOf({ side: 'buy', price: 1, indicators: { moon: 4, rsi_14: Number.NaN } })).toEqual([]);
  });
});

describe('the analysis', () => {
  it('says yes to a buy when the readings rise, with their mean as confidence at the first look', () => {
    const { action, confidence, score, state } = analyse(rising);
    expect(action).toBe('buy');
    expect(score).toBeCloseTo(0.6, 12);
    expect(confidence).toBeCloseTo(0.6, 12);
    expect(state).toMatchObject({ purity: expect.closeTo(1, 12), resonance: null });
  });

  it('holds when the readings speak against the side, or say nothing', () => {
    expect(analyse({ ...rising, side: 'sell' })).toMatchObject({
      action: 'hold',
      reason: expect.stringContaining('speak against a sell'),
    });
    expect(analyse({ side: 'buy', price: 1, indicators: {} })).toMatchObject({
      action: 'hold',
      confidence: 0,
      score: 0,
    });
  });

  it('is less sure when the looks before contradict this one', () => {
    const now = marketVector(readingsOf(rising));
    const against = marketVector(
      readingsOf({ ...rising, price: 97, indicators: { rsi_14: 90, sma_10: 99 } }),
    );
    const steady = analyse(rising, [now, now, now]);
    const shaken = analyse(rising, [against, now, against]);
    expect(steady.confidence).toBeCloseTo(0.6, 10);
    expect(steady.state.resonance).toBeCloseTo(1, 8);
    expect(shaken.confidence).toBeLessThan(steady.confidence);
    expect(shaken.state.entropy).toBeGreaterThan(0.1);
  });

  it('stays in its bounds, and never advises the other side', () => {
    const name = fc.constantFrom(
      'ema_5',
      'sma_50',
      'rsi_14',
      'macd',
      'macd_signal',
      'atr_14',
      'bollinger_lower',
      'bollinger_upper',
      'stochastic_k',
      'roc_3',
      'x',
    );
    const proposal = fc.record({
      side: fc.constantFrom('buy' as const, 'sell' as const),
      price: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      indicators: fc.dictionary(name, fc.double()),
    });
    fc.assert(
      fc.property(proposal, fc.array(proposal, { maxLength: 5 }), (look, before) => {
        const vectors = before.map((each) => marketVector(readingsOf(each)));
        const { action, confidence, score, readings } = analyse(look, vectors);
        expect([look.side, 'hold']).toContain(action);
        expect(confidence).toBeGreaterThanOrEqual(0);
        expect(confidence).toBeLessThanOrEqual(1 + 1e-9);
        expect(Math.abs(score)).toBeLessThanOrEqual(1);
        for (const { name: reading, value } of readings) {
          expect(READINGS).toContain(reading);
          expect(Math.abs(value)).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 50 },
    );
  });
});
