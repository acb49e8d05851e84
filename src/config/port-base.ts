import * as z from 'zod';
import { EXIT, QbtcError } from '../errors.ts';
import type { PortBaseSource } from '../model/stack.ts';
import { isRecord } from '../record.ts';
import { stateFile } from '../state/index.ts';
import type { StackDocument } from './document.ts';
import { outlineOf, portUses } from './outline.ts';
import { MAX_PORT, MAX_PORT_BASE, REFUSED_BY_FETCH } from './ports.ts';

/** A port base that goes before the one of `qbtc.yaml`, in this checkout alone. */
export interface LocalPortBase {
  base: number;
  from: Exclude<PortBaseSource, 'qbtc.yaml'>;
}

const VARIABLE = 'QBTC_PORT_BASE';

const kept = stateFile<{ base: number } | undefined>(
  'portBase',
  z.strictObject({ base: z.int().min(0).max(MAX_PORT_BASE) }).optional(),
  undefined,
);

/**
 * The base of this checkout: what the command was given, then `QBTC_PORT_BASE`, then what an earlier `up` kept.
 *
 * @param given by `--port-base`
 * @throws QbtcError `PORT_BASE_INVALID`, `PORT_BASE_UNREADABLE`
 */
export async function localPortBase(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  given: number | undefined,
): Promise<LocalPortBase | undefined> {
  if (given !== undefined) return { base: given, from: '--port-base' };
  const text = env[VARIABLE];
  if (text !== undefined && text !== '') {
    if (/^\d{1,5}$/.test(text)) return { base: Number(text), from: VARIABLE };
    throw invalid(`"${text}" (${VARIABLE})`, [], 'a whole number');
  }
  const before = await kept.read(root);
  return before === undefined ? undefined : { base: before.base, from: '.qbtc' };
}

/** Keeps the base for the commands that follow in this checkout; that of `qbtc.yaml` needs no keeping. */
export async function keepPortBase(root: string, base: number, declared: number): Promise<void> {
  await kept.write(root, base === declared ? undefined : { base });
}

/**
 * The document as it would be with this base in the place of its own.
 * @throws QbtcError `PORT_BASE_INVALID` when a port of the stack cannot be with it
 */
export function withPortBase(document: StackDocument, local: LocalPortBase | undefined): StackDocument {
  if (local === undefined || !document.usable) return document;
  const { base, from } = local;
  const ports = isRecord(document.data.ports) ? document.data.ports : {};
  const data = { ...document.data, ports: { ...ports, base } };
  const uses = portUses(outlineOf(data));
  const wrong = uses.flatMap(({ port, holder }) => {
    if (port > MAX_PORT) return [`${holder} would be ${port}: the last port is ${MAX_PORT}`];
    return REFUSED_BY_FETCH.has(port) ? [`${holder} would be ${port}: browsers and fetch refuse it`] : [];
  });
  const found = `the port base ${base} (${from})`;
  const highest = Math.max(0, ...uses.map(({ port }) => port - base));
  const expected = `a whole number from 0 to ${Math.max(0, Math.min(MAX_PORT_BASE, MAX_PORT - highest))}`;
  if (base > MAX_PORT_BASE || wrong.length > 0) throw invalid(found, wrong, expected);
  return { ...document, data };
}

/** The port base that the file itself says. */
export function declaredPortBase(document: StackDocument): number {
  return document.usable ? (outlineOf(document.data).ports.base ?? 0) : 0;
}

function invalid(found: string, details: string[], expected: string): QbtcError {
  return new QbtcError('PORT_BASE_INVALID', `${found} cannot be the port base of this stack`, {
    exit: EXIT.usage,
    details,
    hint: `expected ${expected}: qbtc up --port-base 2000`,
  });
}
