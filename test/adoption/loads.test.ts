import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { adopted } from './repository.ts';

/** Names as compose takes them, and values as people write them. */
const name = fc.oneof(
  fc.stringMatching(/^[a-zA-Z0-9._-]{1,45}$/),
  fc.constantFrom('api', 'web', 'supervisor', 'qbtc', 'constructor', '1st', 'Über'),
);
const value = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '${HOME}/x',
    '${A:-${B:-c}}',
    '$$literal',
    '${unfinished',
    'a\nb',
    '1.10',
    'true',
    'postgres://u:p@api:5432/x?y=z',
    'http://web:80/a',
    'redis://:p@cache',
    '# no comment',
  ),
);
const service = fc.record(
  {
    build: fc.constantFrom('./a', './b', '.'),
    image: fc.constantFrom(
      ...['postgres:16', 'rabbitmq:3', 'redis', 'mongo', 'nginx', 'acme/app', 'mysql:8', 'nats', '${IMAGE}'],
      'mailhog/mailhog',
    ),
    volumes: fc.array(fc.oneof(value, fc.constantFrom('data:/data', './x:/x:ro', '/scratch'))),
    command: fc.oneof(value, fc.array(fc.string({ minLength: 1 }), { minLength: 1 })),
    ports: fc.array(
      fc.oneof(
        fc.constantFrom('80', '3000:3000', '127.0.0.1:8080:80/tcp', '3000-3005:80', '53:53/udp'),
        fc.integer({ min: 1, max: 70_000 }),
      ),
    ),
    environment: fc.oneof(
      fc.dictionary(
        fc.constantFrom(
          ...['PORT', 'DB_HOST', 'DB_PASSWORD', 'API_KEY', 'A_URL', 'x-y', 'POSTGRES_USER', 'POSTGRES_DB'],
          ...['MYSQL_ROOT_PASSWORD', 'MYSQL_USER', 'MYSQL_DATABASE', 'RABBITMQ_DEFAULT_VHOST'],
          'MONGO_INITDB_ROOT_PASSWORD',
        ),
        value,
      ),
      fc.array(fc.constantFrom('PORT=3000', 'TOKEN', 'SECRET=x', '=', 'A=b=c')),
    ),
    depends_on: fc.oneof(fc.array(name), fc.dictionary(name, fc.constant({ condition: 'service_healthy' }))),
    deploy: fc.record({ replicas: fc.integer({ min: 0, max: 100 }) }),
    healthcheck: fc.record({ test: fc.oneof(value, fc.array(fc.string())) }),
    labels: fc.constantFrom({ 'traefik.http.routers.a.rule': 'Host(`a.example`) && PathPrefix(`/api`)' }, [
      'qbtc.port=99',
      'qbtc.health=/h',
    ]),
    stop_grace_period: fc.constantFrom('10s', '1m30s', 'soon'),
    extends: fc.constantFrom('api', { service: 'web' }, { file: 'x.yml', service: 'y' }),
  },
  { requiredKeys: [] },
);

test('whatever a compose file says, what is written loads without a mistake', async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, service, { maxKeys: 6 }), async (services) => {
      try {
        const { draft, stack } = await adopted({
          'compose.yaml': stringify({ services }),
          'a/package.json': '{"scripts": {"start": "node ."}}',
          'a/index.js': "app.listen(3000); app.get('/health', f)",
          'b/app.py': 'app = Flask(__name__)',
          'b/requirements.txt': 'flask',
        });
        expect(stack.services.map((each) => each.name).sort()).toEqual(
          draft.services.map((each) => each.name.value).sort(),
        );
      } catch (error) {
        if ((error as { code?: string }).code !== 'NOTHING_TO_ADOPT') throw error;
      }
    }),
  );
});
