import type { RawMessage } from '../context.ts';
import { idText, memberAt } from '../field-path.ts';
import { hasFields, type JsonValue, parseJsonBytes } from '../json.ts';
import type { Stack } from '../model/stack.ts';

/** What a message says of itself. */
export interface MessageFacts {
  /** The JSON that its body is, which is UTF-8; `undefined` where it is none. */
  document: JsonValue | undefined;
  /** The name of the event: that of its envelope, or else the property `type`. */
  type: string | undefined;
  source: string | undefined;
  id: string | undefined;
  correlationId: string | undefined;
}

/** How the messages of a stack are read. */
export type MessageSettings = Pick<Stack, 'events' | 'correlation'>;

/**
 * Reads a message as the stack writes them. The id of its request stands in the field or the header that the stack names,
 * in the envelope, or in the property.
 */
export function messageFacts(
  { properties, content }: Pick<RawMessage, 'properties' | 'content'>,
  { events, correlation }: MessageSettings,
): MessageFacts {
  const document = documentOf(content);
  const body = hasFields(document) ? document : {};
  const envelope = events.envelope === 'cloudevents' ? body : {};
  const own = (name: string) => {
    const value = Object.hasOwn(envelope, name) ? envelope[name] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const { field, header } = correlation;
  return {
    document,
    type: own('type') ?? said(properties.text('type')),
    source: own('source') ?? said(properties.text('appId')),
    id: own('id') ?? said(properties.text('messageId')),
    correlationId:
      (field === undefined ? undefined : idText(memberAt(body, field))) ??
      own('correlationid') ??
      (header === undefined ? undefined : idText(headerOf(properties.headers ?? {}, header))) ??
      said(properties.text('correlationId')),
  };
}

/** A header by its name in any case, as that of the request is handed on. */
export function headerOf(headers: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(headers, name)) return headers[name];
  const lower = name.toLowerCase();
  const found = Object.keys(headers).find((each) => each.toLowerCase() === lower);
  return found === undefined ? undefined : headers[found];
}

function documentOf(content: Buffer): JsonValue | undefined {
  try {
    return parseJsonBytes(content);
  } catch {
    return undefined;
  }
}

function said(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
