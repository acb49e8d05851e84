import type { StackDocument } from '../config/document.ts';
import { valueAt } from '../config/issues.ts';
import { type FieldPath, fieldName, listed, type Mistake, nearest } from '../config/mistake.ts';
import type { Stack } from '../model/stack.ts';
import { resourceOfKind, resourcesOfKind } from '../resources/facts.ts';
import type { Flow } from './flow.ts';
import { knownNames, referencesIn } from './variables.ts';

/** What is wrong with a flow that fits its schema: names that stand for nothing, or for something that comes later. */
export function ruleMistakes(flow: Flow, document: StackDocument, stack: Stack): Mistake[] {
  return [
    ...unknownSubjects(flow, document, stack),
    ...unknownReferences(flow, document, stack),
    ...unknownAnswers(flow, document),
    ...unknownDatabases(flow, document, stack),
    ...tapsWithoutBroker(flow, document, stack),
  ];
}

function unknownSubjects({ steps }: Flow, document: StackDocument, stack: Stack): Mistake[] {
  const known = [...stack.services, ...stack.resources].map(({ name }) => name);
  return steps.flatMap(({ hop: { subject } }, index) =>
    known.includes(subject)
      ? []
      : [
          unknown(
            document,
            ['steps', index, 'hop', 'subject'],
            subject,
            known,
            'a service or resource of the stack',
          ),
        ],
  );
}

/** A capture can be used from the step after the one that makes it. */
function unknownReferences({ steps }: Flow, document: StackDocument, stack: Stack): Mistake[] {
  const known = knownNames(stack);
  const used = referencesIn(document.data);
  const made = (before: number) =>
    steps.slice(0, before).flatMap((step) => Object.keys(step.capture).map((name) => `captures.${name}`));
  return used.flatMap(({ name, path }) => {
    const step = path[0] === 'steps' && typeof path[1] === 'number' ? path[1] : 0;
    const usable = [...known, ...made(step)];
    if (usable.includes(name)) return [];
    const mistake = {
      at: document.within(path, `\${${name}`),
      field: fieldName(path),
      found: `\${${name}}`,
      expected: `one of ${listed(usable)}`,
    };
    const near = nearest(name, usable);
    return [near === undefined ? mistake : { ...mistake, nearest: near }];
  });
}

function unknownAnswers({ steps }: Flow, document: StackDocument): Mistake[] {
  return steps.flatMap(({ prepared: { reads } }, index) => {
    if (reads === undefined) return [];
    const known = steps
      .slice(0, index)
      .map((step) => step.prepared.leaves)
      .filter((id) => id !== undefined);
    if (known.includes(reads)) return [];
    return [unknown(document, ['steps', index, 'to'], reads, known, 'the id of an http step before it')];
  });
}

function unknownDatabases({ steps }: Flow, document: StackDocument, stack: Stack): Mistake[] {
  const known = resourcesOfKind(stack, 'postgres').map(({ name }) => name);
  return steps.flatMap(({ prepared }, index) => {
    if (!prepared.database || prepared.database(stack)) return [];
    const field = ['steps', index, 'resource'];
    const named = valueAt(document.data, field);
    return [
      unknown(document, field, typeof named === 'string' ? named : '', known, 'a resource of kind postgres'),
    ];
  });
}

function tapsWithoutBroker({ taps }: Flow, document: StackDocument, stack: Stack): Mistake[] {
  if (taps.length === 0 || resourceOfKind(stack, 'rabbitmq') !== undefined) return [];
  const field = ['taps'];
  return [
    {
      at: document.keyAt(field),
      field: fieldName(field),
      found: 'taps',
      expected: 'a resource of kind rabbitmq in qbtc.yaml to watch',
    },
  ];
}

function unknown(
  document: StackDocument,
  path: FieldPath,
  word: string,
  known: string[],
  what: string,
): Mistake {
  const mistake = {
    at: document.at(path),
    field: fieldName(path),
    found: `"${word}"`,
    expected: `${what}: ${listed(known)}`,
  };
  const near = nearest(word, known);
  return near === undefined ? mistake : { ...mistake, nearest: near };
}
