import type { Condition } from '../../model/discovery.ts';
import type { Cell } from '../layout.ts';
import type { Palette } from '../palette.ts';
import { SIGN } from './view.ts';

export function conditionCell(condition: Condition, palette: Palette): Cell {
  if (condition === 'healthy') return { text: `${SIGN.done} healthy`, paint: palette.good };
  if (condition === 'unhealthy' || condition === 'crashed')
    return { text: `${SIGN.failed} ${condition}`, paint: palette.bad };
  return { text: `${SIGN.none} ${condition}`, paint: palette.warning };
}

export function addressOf(address: { host: string; port: number } | undefined): string {
  if (address === undefined) return SIGN.none;
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
