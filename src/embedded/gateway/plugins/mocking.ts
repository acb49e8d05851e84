import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';
import { mocked } from '../plugin-support/mocked-value.ts';
import { pause } from '../plugin-support/pause.ts';
import { statusError } from '../plugin-support/status-error.ts';
import { xmlOf } from '../plugin-support/xml.ts';
import { SERVER } from '../server-name.ts';
import { template } from '../template.ts';

interface Mocking {
  delay: number;
  response_status: number;
  content_type: string;
  response_example?: string;
  response_schema?: Record<string, unknown>;
  with_mock_header: boolean;
  response_headers?: Record<string, string | number>;
}

const CONTENT_TYPES = ['application/xml', 'application/json', 'text/plain', 'text/html', 'text/xml'];

/** Answers in the upstream's place: with an example, or with a made-up document of a schema. */
export const mocking: Plugin<Mocking> = {
  name: 'mocking',
  version: 0.1,
  priority: 10_900,
  schema: {
    type: 'object',
    properties: {
      delay: { type: 'integer', default: 0 },
      response_status: { type: 'integer', default: 200, minimum: 100 },
      content_type: { type: 'string', default: 'application/json;charset=utf8' },
      response_example: { type: 'string' },
      response_schema: { type: 'object' },
      with_mock_header: { type: 'boolean', default: true },
      response_headers: {
        type: 'object',
        minProperties: 1,
        patternProperties: { '^[^:]+$': { oneOf: [{ type: 'string' }, { type: 'number' }] } },
      },
    },
    anyOf: [{ required: ['response_example'] }, { required: ['response_schema'] }],
  },
  check: ({ content_type: type = 'application/json', response_status: status }) =>
    CONTENT_TYPES.includes(mediaType(type))
      ? statusError('response_status', status)
      : 'unsupported content type!',
  fieldsOf: ({ content_type: type, response_headers: headers = {} }) => [
    ['Content-Type', type],
    ...Object.entries(headers as object),
  ],
  compile(configuration, host) {
    const { response_status: status, content_type: contentType, with_mock_header: marked } = configuration;
    const example =
      configuration.response_example === undefined ? undefined : template(configuration.response_example);
    const fields = Object.entries(configuration.response_headers ?? {}).map(([name, value]) => ({
      name,
      value: template(String(value)),
    }));
    const type = mediaType(contentType);
    const schema = configuration.response_schema ?? {};

    function body(exchange: Exchange): string {
      if (example !== undefined) return example.render(exchange);
      const document = mocked({ ...schema, type: 'object' }, host.random);
      if (type.endsWith('/xml')) return template(xmlOf('data', document)).render(exchange);
      return type === 'text/html' ? '' : template(JSON.stringify(document)).render(exchange);
    }
    const answer = (exchange: Exchange) => ({
      status,
      contentType,
      headers: {
        ...(marked ? { 'x-mock-by': SERVER } : {}),
        ...Object.fromEntries(fields.map(({ name, value }) => [name, value.render(exchange)])),
      },
      body: Buffer.from(body(exchange), 'latin1'),
    });
    return {
      access: (exchange) => pause(configuration.delay)?.then(() => answer(exchange)) ?? answer(exchange),
    };
  },
};

const mediaType = (contentType: string): string => /^([ -~]*);[ -~]*$/.exec(contentType)?.[1] ?? contentType;
