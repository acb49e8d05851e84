import { nodesOf } from '../config/service-address.ts';
import { isNumber, jsonText } from '../json.ts';
import type { Stack } from '../model/stack.ts';
import { resourceOfKind } from '../resources/facts.ts';

/** What `${…}` in a flow can name. Captures come into being while the flow runs. */
export interface Variables {
  /** Leaves `${secrets.NAME}` as it is. */
  keepSecrets?: boolean;
  stack: Stack;
  correlationId: string;
  captures: ReadonlyMap<string, unknown>;
}

/** What a text is made of: what it says itself, and the names that stand for something. */
type Piece = { text: string } | { name: string };

/**
 * `${name}` stands for a value, `$${` for the characters `${`, as in a compose file: of the dollars before a brace two
 * are one, and what is left over begins a reference.
 */
function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  const opening = /(\$+)\{/g;
  let at = 0;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const dollars = match[1]?.length ?? 0;
    const end = text.indexOf('}', opening.lastIndex);
    const isReference = dollars % 2 === 1;
    // Without a closing brace it is no reference.
    if (isReference && end === -1) break;
    pieces.push({ text: text.slice(at, match.index) + '$'.repeat(Math.floor(dollars / 2)) });
    if (isReference) pieces.push({ name: text.slice(opening.lastIndex, end).trim() });
    at = isReference ? end + 1 : opening.lastIndex - 1;
    opening.lastIndex = isReference ? at : opening.lastIndex;
  }
  pieces.push({ text: text.slice(at) });
  return pieces.filter((piece) => !('text' in piece) || piece.text !== '');
}

/** The names between `${` and `}` anywhere in a value, keys included, with the path to what holds each. */
export function referencesIn(
  value: unknown,
  path: readonly (string | number)[] = [],
): { name: string; path: (string | number)[] }[] {
  if (typeof value === 'string')
    return piecesOf(value).flatMap((piece) =>
      'name' in piece ? [{ name: piece.name, path: [...path] }] : [],
    );
  if (typeof value !== 'object' || value === null || isNumber(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    ...(Array.isArray(value) ? [] : referencesIn(key, [...path, key])),
    ...referencesIn(member, [...path, Array.isArray(value) ? Number(key) : key]),
  ]);
}

/** Every name that `${…}` may hold in this stack, without the captures. For checks before a run. */
export function knownNames(stack: Stack): string[] {
  return [
    'correlation_id',
    ...(resourceOfKind(stack, 'apisix') ? ['gateway.url'] : []),
    ...stack.services.map((service) => `services.${service.name}.url`),
    ...Object.keys(stack.secrets).map((name) => `secrets.${name}`),
  ];
}

/**
 * Fills in `${…}` in every string of a value, keys included; `$${` becomes `${`. A string that is nothing but one reference
 * becomes the value itself, so that a captured number stays a number.
 * Names were checked when the flow was loaded; one that is missing now is a capture that was never made.
 */
export function fill<Value>(value: Value, variables: Variables): Value {
  return fillUnknown(value, variables) as Value;
}

function fillUnknown(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') {
    const pieces = piecesOf(value);
    const [first] = pieces;
    if (pieces.length === 1 && first !== undefined && 'name' in first) return lookUp(first.name, variables);
    return pieces
      .map((piece) => ('text' in piece ? piece.text : asText(lookUp(piece.name, variables))))
      .join('');
  }
  if (Array.isArray(value)) return value.map((member) => fillUnknown(member, variables));
  if (typeof value === 'object' && value !== null && !isNumber(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        asText(fillUnknown(key, variables)),
        fillUnknown(member, variables),
      ]),
    );
  }
  return value;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : jsonText(value);
}

function lookUp(name: string, { stack, correlationId, captures, keepSecrets }: Variables): unknown {
  if (name === 'correlation_id') return correlationId;
  if (name === 'gateway.url') {
    const gateway = resourceOfKind(stack, 'apisix');
    if (gateway) return gateway.endpoint.url.replace(/\/+$/, '');
  }
  const [group, ...rest] = name.split('.');
  if (group === 'captures') {
    const captured = captures.get(rest.join('.'));
    if (captured !== undefined) return captured;
  }
  if (group === 'secrets') {
    const secret = stack.secrets[rest.join('.')];
    if (secret !== undefined) return keepSecrets === true ? `\${${name}}` : secret;
  }
  if (group === 'services' && rest.at(-1) === 'url') {
    const service = stack.services.find((candidate) => candidate.name === rest.slice(0, -1).join('.'));
    const url = service === undefined ? undefined : nodesOf(service)[0]?.url;
    if (url !== undefined) return url;
  }
  throw new Error(`\${${name}} has no value here`);
}
