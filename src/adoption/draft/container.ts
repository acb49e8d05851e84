import type { Place } from '../../model/adoption.ts';
import type { Said, UnitFact } from '../fact.ts';
import { knownServer } from '../known-servers.ts';
import type { Draft, DraftContainer, DraftResource, Field } from './draft.ts';
import type { TakenPorts } from './ports.ts';
import { converted, holdsCredentials, secrecyOf } from './references.ts';
import type { Secrets } from './secrets.ts';

/** As `infrastructure.*.user` and `database` take it, or a reference. */
const OWN_NAME = /^([A-Za-z0-9_][A-Za-z0-9_-]{0,62}|\$\{\w+:-[A-Za-z0-9_][A-Za-z0-9_-]*\})$/;

/** Where a container listens inside: on what it publishes, or on what its image is known for. */
export function portInside(unit: UnitFact): number | undefined {
  const known = knownServer(unit.image?.value ?? '', Object.keys(unit.env));
  const all = unit.ports.map(({ value }) => value.inside);
  return known !== undefined && (all.length === 0 || all.includes(known.port)) ? known.port : all[0];
}

/** What is not said of a container, and where it is told. */
interface Around {
  name: string;
  taken: TakenPorts;
  secrets: Secrets;
  draft: Pick<Draft, 'obstacles'>;
  /** The other resources by their names of compose. */
  resources: ReadonlySet<string>;
}

/** A unit of compose that qbtc has no kind for, as a container of the stack. Secrets are never copied. */
export function containerOf(
  unit: UnitFact,
  inside: number,
  { name, taken, secrets, draft, resources }: Around,
): DraftResource {
  const image = unit.image ?? { value: '', at: unit.at };
  const known = knownServer(image.value, Object.keys(unit.env));
  const [main, ...others] = [
    ...unit.ports.filter(({ value }) => value.inside === inside),
    ...unit.ports.filter(({ value }) => value.inside !== inside),
  ];
  const published = main?.value.inside === inside ? main : undefined;
  const place = published?.at ?? image.at;
  const port = take(taken, published?.value.outside ?? inside, name, place);
  const further = Object.fromEntries(
    others
      .filter(
        ({ value }, index, all) => all.findIndex((each) => each.value.inside === value.inside) === index,
      )
      .filter(({ value }) => value.inside !== inside)
      .map(({ value, at }) => [
        `p${value.inside}`,
        { inside: value.inside, port: take(taken, value.outside ?? value.inside, name, at) },
      ]),
  );
  const identity = identityOf(unit, known, secrets, name);
  const env = Object.fromEntries(
    Object.entries(unit.env).map(([variable, said]) => [
      variable,
      valueFor(variable, said, { identity, name, secrets, draft }),
    ]),
  );
  const container: DraftContainer = {
    name: { value: name, at: unit.at },
    image: { ...image, value: converted(image.value).text },
    containerPort: inside,
    ports: further,
    env,
    ...identityFields(identity),
    url: { value: addressOf(known, identity), at: image.at, ...(known === undefined ? { guess: true } : {}) },
    volumes: volumesOf(unit, { draft, name }),
    dependsOn: unit.dependsOn.filter(({ value }) => resources.has(value) && value !== unit.name),
    ...words('command', unit.container?.command, { draft, name }),
    ...words('entrypoint', unit.container?.entrypoint, { draft, name }),
    ...words('health', unit.container?.health, { draft, name }),
    ...(known?.program === undefined ? {} : { program: known.program }),
  };
  return { name: container.name, kind: 'container', port, container };
}

const text = (word: string) => converted(word).text;

/** Whether nothing is left of a text where no variable is set. */
const mayBeEmpty = (said: string) => said.replaceAll(/\$\{\w+:-\}/g, '') === '';

/** A command line in our syntax; a word that may be empty is none of ours, and told. */
function words<K extends 'command' | 'entrypoint' | 'health'>(
  key: K,
  said: Said<string[]> | undefined,
  { draft, name }: Pick<Around, 'draft' | 'name'>,
): Partial<Record<K, Field<string[]>>> {
  if (said === undefined) return {};
  const value = said.value.map(text);
  if (!value.some(mayBeEmpty)) return { [key]: { ...said, value } } as Partial<Record<K, Field<string[]>>>;
  draft.obstacles.push({
    code: 'value-needed',
    at: said.at,
    of: name,
    found: 'a word of a command line that may be empty',
    fix: `write the ${key} of the container without it`,
  });
  return {};
}

function volumesOf(
  { container }: UnitFact,
  { draft, name }: Pick<Around, 'draft' | 'name'>,
): Field<string>[] {
  return (container?.volumes ?? []).flatMap(({ value, at }) => {
    const written = text(value);
    if (!mayBeEmpty(written)) return [{ value: written, at }];
    draft.obstacles.push({
      code: 'value-needed',
      at,
      of: name,
      found: 'a volume that may be empty',
      fix: 'write it into volumes of the container, where it needs one',
    });
    return [];
  });
}

function take(taken: TakenPorts, wanted: number, name: string, at: Place): Field<number> {
  const port = taken.free(wanted);
  const holder = taken.holderOf(wanted);
  taken.take(port, name);
  return {
    value: port,
    at,
    ...(port === wanted ? {} : { why: `${wanted} is that of ${holder ?? 'administrators'}` }),
  };
}

/** Who the services are there, and by which variables the container is told. */
interface ContainerIdentity {
  user?: Field<string> & { variable?: string };
  password?: Field<string> & { variable: string };
  database?: Field<string> & { variable: string };
}

function identityOf(
  { env }: UnitFact,
  known: ReturnType<typeof knownServer>,
  secrets: Secrets,
  name: string,
): ContainerIdentity {
  const found = (variables: readonly string[] = []) => {
    const variable = variables.find((each) => env[each] !== undefined);
    const said = variable === undefined ? undefined : env[variable];
    return variable === undefined || said === undefined ? undefined : { variable, said };
  };
  const plain = (variables: readonly string[] | undefined) => {
    const it = found(variables);
    if (it === undefined) return undefined;
    const value = converted(it.said.value).text;
    return OWN_NAME.test(value) ? { value, at: it.said.at, variable: it.variable } : undefined;
  };
  const secret = found(known?.password);
  const user = plain(known?.user);
  const database = plain(known?.database);
  if (secret === undefined) return database === undefined ? {} : { database };
  const { at, value } = secret.said;
  const password = {
    value: `\${secrets.${secrets.name(secret.variable, value, at, name)}}`,
    at,
    variable: secret.variable,
    why: 'the value is generated, not copied',
  };
  const entered =
    user ?? (known?.administrator === undefined ? undefined : { value: known.administrator, at });
  return { password, ...(entered && { user: entered }), ...(database && { database }) };
}

function identityFields({ user, password, database }: ContainerIdentity) {
  return { ...(user && { user }), ...(password && { password }), ...(database && { database }) };
}

function addressOf(
  known: ReturnType<typeof knownServer>,
  { user, password, database }: ContainerIdentity,
): string {
  const account = user === undefined || password === undefined ? '' : '${user}:${password}@';
  const path = database === undefined ? '' : '/${database}';
  const query = account === '' || known?.query === undefined ? '' : `${path === '' ? '/' : ''}${known.query}`;
  return `${known?.scheme ?? 'tcp'}://${account}\${host}:\${port}${path}${query}`;
}

/** A variable of the container: what makes its identity stands there once; what is nobody's business is never copied. */
function valueFor(
  variable: string,
  { at, value }: Said<string>,
  {
    identity,
    name,
    secrets,
    draft,
  }: Pick<Around, 'name' | 'secrets' | 'draft'> & { identity: ContainerIdentity },
): Field<string> {
  for (const [word, field] of Object.entries(identity))
    if (field?.variable === variable) return { value: `\${${word}}`, at };
  const secrecy = value === '' ? undefined : holdsCredentials(value) ? 'given' : secrecyOf(variable);
  if (secrecy === 'generated') {
    const why = 'the value is generated, not copied';
    return { value: `\${secrets.${secrets.name(variable, value, at, name)}}`, at, why };
  }
  if (secrecy === undefined) return { value: converted(value).text, at };
  draft.obstacles.push({
    code: 'value-needed',
    at,
    of: name,
    found: 'a value that is not copied',
    fix: `${variable}=… in .env beside qbtc.yaml, where the container needs it`,
  });
  return { value: `\${${variable}:-}`, at, why: 'the value is not copied' };
}
