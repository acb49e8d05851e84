import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandOf, wordsOf } from '../../src/adoption/words.ts';

test.each([
  ['node src/index.js', ['node', 'src/index.js']],
  [`sh -c "exec node 'a b.js'"`, ['node', 'a b.js']],
  ['./wait-for-it.sh db:5432 -- npm start', ['npm', 'start']],
  ['tini -- node a.js', ['node', 'a.js']],
  ['/usr/src/app/wait-for-rabbitmq.sh rabbitmq python consumer.py', ['python', 'consumer.py']],
  ['./wait-for-us', ['./wait-for-us']],
  ['nodemon --inspect=0.0.0.0 server.js', ['node', 'server.js']],
  ['nodemon -e ts,json server.js', ['nodemon', '-e', 'ts,json', 'server.js']],
  ['nodemon --exec ts-node src/index.ts', ['nodemon', '--exec', 'ts-node', 'src/index.ts']],
  ['npm run build && npm start', ['sh', '-c', 'npm run build && npm start']],
  ['node $FILE', ['sh', '-c', 'node $FILE']],
  ['PORT=3000 node a.js', ['sh', '-c', 'PORT=3000 node a.js']],
  ['gunicorn -b :$PORT app', ['gunicorn', '-b', ':$PORT', 'app']],
])('%s', (line, expected) => {
  expect(commandOf(line)).toEqual(expected);
});

test('words in single quotes come back as they are', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (words) => {
      fc.pre(words.every((word) => !word.includes("'")));
      expect(wordsOf(words.map((word) => `'${word}'`).join(' '))).toEqual(
        /^[A-Za-z_]\w*=/.test(words[0] ?? '') ? undefined : words,
      );
    }),
  );
});
