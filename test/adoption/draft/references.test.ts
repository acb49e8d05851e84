import { expect, test } from 'vitest';
import { holdsCredentials } from '../../../src/adoption/draft/references.ts';
import { adopted } from '../repository.ts';

const GIVEN = [
  'mongodb://root:toor99@m1:27017,m2:27017/shop',
  'amqp://u:secretpw@a,amqp://u:secretpw@b',
  'host=away user=u password=s3cretpw',
  'Server=away;User Id=u;Password=s3cretpw',
  '{"user": "x", "password": "jsonpw99"}',
  'Basic dXNlcjpwdw==',
  `ghp_${'a1'.repeat(18)}`,
  `AKIA${'A1'.repeat(8)}`,
  'https://hooks.slack.com/services/T0/B0/abcdef',
  'redis://:hunter22@${REDIS_HOST}:6379',
];

test.each(GIVEN)('%s is a secret, whatever its variable is called, and stands nowhere', async (value) => {
  const { text, obstacles, losses } = await adopted({
    'docker-compose.yml': `services:\n  api:\n    build: ./api\n    ports: ["8080:3000"]\n    environment:\n      PEER: ${JSON.stringify(value)}\n`,
    'api/package.json': '{"scripts": {"start": "node index.js"}, "dependencies": {"express": "4"}}',
    'api/index.js': 'listen(process.env.PORT);',
  });
  expect(text).toContain('PEER: "${PEER:-}"');
  expect(obstacles).toContainEqual(
    expect.objectContaining({ code: 'value-needed', of: 'api', found: 'a value that is not copied' }),
  );
  expect(JSON.stringify({ obstacles, losses })).not.toMatch(/toor99|secretpw|s3cretpw|jsonpw99|hunter22/);
});

test.each([
  'redis://:${REDIS_PASSWORD}@${REDIS_HOST}:6379',
  'http://users:3001/v1?response_type=token',
  'read:users write:secret:all',
  'sk-SK',
  'info',
])('%s holds none', (value) => {
  expect(holdsCredentials(value)).toBe(false);
});
