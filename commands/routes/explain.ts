import { InvalidArgumentError } from 'commander';
import { OPERATIONS } from '../../src/operations/catalogue.ts';
import type { Register } from '../command.ts';
import { operate } from '../operate.ts';

interface Options {
  header: Record<string, string>;
  from?: string;
  declared?: boolean;
}

const header = (text: string, all: Record<string, string>): Record<string, string> => {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError(`found "${text}", expected "NAME: VALUE".`);
  return { ...all, [text.slice(0, colon).trim()]: text.slice(colon + 1).trim() };
};

export const explain: Register = (group, run) => {
  group
    .command('explain')
    .description(OPERATIONS['routes explain'].about)
    .argument('<method>', 'GET, POST, …')
    .argument('<url>', 'the whole URL, or its path')
    .option(
      '-H, --header <header>',
      'a field of the request, as "Host: example.com"; as often as needed',
      header,
      {},
    )
    .option('--from <address>', 'the address that the request comes from (default: 127.0.0.1)')
    .option('--declared', 'ask what is declared, not what the gateway holds')
    .option('--json', 'print the result as JSON')
    .action(
      run(
        operate<Options>(
          'routes explain',
          ({ header: headers, from, declared }, [method = '', url = '']) => ({
            method,
            url,
            headers,
            from,
            declared,
          }),
        ),
      ),
    );
};
