import { expect, test } from 'vitest';
import { resourceNamed, resourceOfKind, resourcesOfKind } from '../../src/resources/facts.ts';

const stack = {
  resources: [
    { name: 'broker', kind: 'rabbitmq' as const },
    { name: 'cache', kind: 'redis' as const },
    { name: 'sessions', kind: 'redis' as const },
  ],
};

test('a resource is found by its kind, and by its name where one is asked for', () => {
  expect(resourceOfKind(stack, 'redis')?.name).toBe('cache');
  expect(resourceOfKind(stack, 'redis', 'sessions')?.name).toBe('sessions');
  expect(resourceOfKind(stack, 'redis', 'broker')).toBeUndefined();
  expect(resourceOfKind(stack, 'postgres')).toBeUndefined();
  expect(resourcesOfKind(stack, 'redis').map(({ name }) => name)).toEqual(['cache', 'sessions']);
});

test('one that must be there is told when it is not', () => {
  expect(resourceNamed(stack, 'broker').kind).toBe('rabbitmq');
  expect(() => resourceNamed(stack, 'database')).toThrow('the stack declares no database');
});
