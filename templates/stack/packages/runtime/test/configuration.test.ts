import {
  address,
  ConfigurationError,
  integer,
  oneOf,
  optionalText,
  readConfiguration,
  text,
  withDefault,
} from '@stack/runtime/configuration';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

const common = { NAME: text(), PORT: integer({ min: 1, max: 65535 }) };
const own = {
  LEVEL: withDefault(oneOf(['low', 'high']), 'low'),
  URL: z.optional(address(['http', 'https'])),
  KEY: optionalText(),
};

describe('readConfiguration', () => {
  it('reads, converts and fills in defaults', () => {
    const { common: first, own: second } = readConfiguration(
      { common, own },
      { NAME: 'a', PORT: '80', KEY: '' },
    );
    expect(first).toEqual({ NAME: 'a', PORT: 80 });
    expect(second).toEqual({ LEVEL: 'low' });
  });

  it('tells all mistakes at once, by name and never with the value', () => {
    const read = () =>
      readConfiguration(
        { common, own },
        { NAME: '', PORT: '99999', LEVEL: 's3cret', URL: 'ftp://x:s3cret@y' },
      );
    expect(read).toThrow(ConfigurationError);
    try {
      read();
    } catch (error) {
      const { mistakes, message } = error as ConfigurationError;
      expect(mistakes).toEqual([
        'NAME is not set',
        'PORT: expected a whole number from 1 to 65535',
        'LEVEL: expected one of low, high',
        'URL: expected an address that starts with http:// or https://',
      ]);
      expect(message).not.toContain('s3cret');
    }
  });

  it.each(['1.5', '1e3', ' 7', '0x10', 'NaN', '-1', '0'])('does not take %s for a port', (PORT) => {
    expect(() => readConfiguration({ common, own: {} }, { NAME: 'a', PORT })).toThrow(/PORT/);
  });
});
