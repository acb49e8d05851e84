import * as z from 'zod';
import { filled, path, plugins, seconds } from '../fields.ts';

export const discovery = z
  .strictObject({
    keywords: z
      .array(filled('a word'))
      .default(['quantum', 'qbtc', 'vigoleon', 'llm', 'api'])
      .describe('Words of command lines and folders by which `qbtc discover` knows processes worth a look.'),
    path: path()
      .default('/api')
      .describe('Below this path a discovered service gets its route that names no path of its own.'),
    plugins: plugins
      .default({})
      .describe(
        'Plugins on each route that `qbtc discover --register` makes, such as authentication; `qbtc.plugins` of a container come on top and win.',
      ),
    grace: seconds()
      .default(30)
      .describe('Seconds that a crashed service keeps its route, which answers 503 meanwhile.'),
    drain: seconds()
      .default(5)
      .describe(
        'Seconds that a service which is being stopped stays without new requests before its route goes.',
      ),
    resync: seconds()
      .default(60)
      .describe(
        'Seconds after which `qbtc discover --watch` looks at everything anew, whatever it was told.',
      ),
  })
  .prefault({})
  .describe('How services that are not in this file are found and routed.');
