import { isObject } from './json.ts';

interface Call {
  /** As the server numbers it; several may have the same. */
  index: number | undefined;
  id: string | undefined;
  name: string | undefined;
  arguments: string;
}

/**
 * Numbers the tool calls of one choice, so that pieces of one call have one index and two calls never do. Servers
 * number them otherwise: Ollama and LiteLLM give each call the index 0, Gemini gives none, some repeat the id and the
 * name with each piece, and some give each piece another id.
 */
export function createToolCalls() {
  const calls: Call[] = [];

  const placeOf = (piece: Call): number => {
    // Two numbers are two calls, whatever their ids: some servers give all calls the same one.
    const byId = calls.findLastIndex(
      ({ id, index }) =>
        id !== undefined && id === piece.id && (index ?? piece.index) === (piece.index ?? index),
    );
    if (byId >= 0) return byId;
    const place =
      piece.index === undefined
        ? calls.length - 1
        : calls.findLastIndex(({ index }) => index === piece.index);
    const present = calls[place];
    return present === undefined || isAnother(piece, present)
      ? calls.push({ ...piece, arguments: '' }) - 1
      : place;
  };

  /** The piece of a call as OpenAI sends it: the id, the type and the name once, the arguments as a text. */
  const numbered = (given: Record<string, unknown>): Record<string, unknown> => {
    const { index, id, type, function: fn, ...others } = given;
    const { name, arguments: args, ...otherFields } = isObject(fn) ? fn : {};
    // The call of a custom tool has no function: its name and its input are passed on as they are.
    const custom = isObject(given.custom) ? given.custom : undefined;
    const piece: Call = {
      index: numberOf(index),
      id: textOf(id),
      name: textOf(name) ?? textOf(custom?.name),
      arguments: typeof args === 'string' ? args : isObject(args) ? JSON.stringify(args) : '',
    };
    const known = calls.length;
    const place = placeOf(piece);
    const call = calls[place] ?? piece;
    const isNew = place === known;
    const isNamed = piece.name !== undefined && (isNew || call.name === undefined);
    call.arguments += piece.arguments;
    call.name ??= piece.name;
    return {
      index: place,
      ...(isNew ? { id: piece.id ?? `call_${place}`, type: textOf(type) ?? 'function' } : {}),
      ...others,
      ...(custom !== undefined && fn === undefined
        ? {}
        : {
            function: {
              ...otherFields,
              ...(isNamed ? { name: piece.name } : {}),
              arguments: piece.arguments,
            },
          }),
    };
  };

  return {
    /** How many there are. */
    get count() {
      return calls.length;
    },
    numbered: (pieces: readonly unknown[]) => pieces.filter(isObject).map(numbered),
  };
}

/** Whether a piece under the number of a call begins another one: it names a function, and that call has all it needs. */
function isAnother(piece: Call, present: Call): boolean {
  if (piece.name === undefined || present.name === undefined) return false;
  if (piece.name !== present.name || present.arguments === '')
    return piece.name !== present.name || isOther(piece, present);
  return isWhole(present.arguments) && (piece.arguments !== '' || isOther(piece, present));
}

function isOther(piece: Call, present: Call): boolean {
  return piece.id !== undefined && present.id !== undefined && piece.id !== present.id;
}

function isWhole(text: string): boolean {
  try {
    return isObject(JSON.parse(text));
  } catch {
    return false;
  }
}

/** Some write it as a text. */
function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isInteger(number) ? Number(number) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
