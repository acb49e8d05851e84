import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MessageProperties } from '../../src/amqp/message-properties.ts';
import { eventMessage } from '../../src/broker/envelope.ts';
import { type MessageSettings, messageFacts } from '../../src/broker/message.ts';
import { jsonText } from '../../src/json.ts';
import type { CorrelationSettings, EnvelopeKind } from '../../src/model/event.ts';

const settings = (envelope: EnvelopeKind, correlation: CorrelationSettings = {}): MessageSettings => ({
  events: { exchange: 'shop', envelope },
  correlation,
});
const message = (content: string | Buffer, properties: MessageProperties = MessageProperties.NONE) => ({
  content: Buffer.from(content),
  properties,
});

describe('the id of the request of a message', () => {
  const body = JSON.stringify({
    correlationid: 'of-the-envelope',
    requestId: 'of-the-field',
    meta: { id: 12345678901234567890n.toString() },
  });
  const properties = MessageProperties.of({
    correlationId: 'of-the-property',
    headers: { 'x-request-id': 'of-the-header', number: 9007199254740993n },
  });
  test.each<[EnvelopeKind, CorrelationSettings, string]>([
    ['cloudevents', {}, 'of-the-envelope'],
    ['none', {}, 'of-the-property'],
    ['none', { header: 'X-Request-Id' }, 'of-the-header'],
    ['cloudevents', { header: 'X-Request-Id' }, 'of-the-envelope'],
    ['none', { header: 'X-Request-Id', field: 'requestId' }, 'of-the-field'],
    ['cloudevents', { field: 'requestId' }, 'of-the-field'],
    ['none', { field: 'meta.id' }, '12345678901234567890'],
    ['none', { field: '__proto__' }, 'of-the-property'],
    ['none', { header: 'number' }, '9007199254740993'],
    ['none', { header: 'constructor', field: 'nothing' }, 'of-the-property'],
  ])('with %s and %j is that %s', (envelope, correlation, id) => {
    expect(messageFacts(message(body, properties), settings(envelope, correlation)).correlationId).toBe(id);
  });

  test.each([
    ['nothing', ''],
    ['bytes', Buffer.from([0xff, 0x00])],
    ['a list', '[1]'],
    ['a number', '9007199254740993'],
    ['null', 'null'],
    ['half a document', '{"requestId":'],
  ])('is missing in %s, and nothing ends', (_, content) => {
    const facts = messageFacts(
      message(content),
      settings('cloudevents', { header: 'h', field: 'requestId' }),
    );
    expect(facts.correlationId).toBeUndefined();
    expect(facts.type).toBeUndefined();
  });
});

test('the name of an event without an envelope is the property, whatever its body calls a type', () => {
  const properties = MessageProperties.of({ type: 'order.paid', messageId: 'm-1', appId: 'shop' });
  const found = message('{"type":"card","id":7,"source":"x"}', properties);
  expect(messageFacts(found, settings('none'))).toMatchObject({
    type: 'order.paid',
    id: 'm-1',
    source: 'shop',
  });
});

test('what is said is read as it was said, in every form', () => {
  // A field that the envelope has already holds what it holds.
  const taken = ['id', 'type', 'source', 'data', 'time', 'subject', 'correlationid', 'dataschema'];
  const name = fc
    .stringMatching(/^[a-z]{1,8}(\.[a-z]{1,8})?$/)
    .filter((each) => !taken.includes(each.split('.')[0] ?? ''));
  const forms = fc.record({
    envelope: fc.constantFrom<EnvelopeKind>('cloudevents', 'none'),
    header: fc.option(name, { nil: undefined }),
    field: fc.option(name, { nil: undefined }),
    data: fc.jsonValue(),
    id: fc.uuid(),
  });
  fc.assert(
    fc.property(forms, ({ envelope, header, field, data, id }) => {
      const form = settings(envelope, {
        ...(header === undefined ? {} : { header }),
        ...(field === undefined ? {} : { field }),
      });
      const event = { source: 'test', type: 'order_paid', dataschema: 'urn:x', correlationId: id, data };
      const { document, properties } = eventMessage(event, form, 0);
      const { headers, ...rest } = properties;
      const sent = message(
        jsonText(document),
        MessageProperties.of({
          ...rest,
          ...(headers === undefined ? {} : { headers: { [header ?? '']: id } }),
        }),
      );
      const facts = messageFacts(sent, form);
      expect(facts).toMatchObject({ type: 'order_paid', id: properties.messageId });
      // Data that has something else in that field is left as it is.
      if (envelope === 'cloudevents' || field === undefined) expect(facts.correlationId).toBe(id);
    }),
  );
});
