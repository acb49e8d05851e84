import { parse } from 'node:path';

/** What is said of a document that is damaged: the code of the error, what is lost with it, and what to do. */
export interface Refusal {
  code: string;
  hint: string;
}

/** A document that is read and written as a whole; see `stateFile`, which takes its schema. */
export interface DocumentDeclaration {
  shape: 'document';
  /** Below `.qbtc`. */
  file: string;
  /** `run`: what runs wrote it down, and `down` removes it. `stack`: it lasts as long as the stack. */
  lifetime: 'run' | 'stack';
  /** `made anew`: damage is as good as absence. */
  damaged: Refusal | 'made anew';
  /** No resource and no service may have its name. */
  reservesName?: true;
}

/** What is no document: its owner writes it in its own way. */
interface OtherDeclaration {
  shape: 'lines' | 'folder' | 'lock' | 'socket' | 'text';
  file: string;
  /** `volumes`: it lasts until `down --volumes`. */
  lifetime: 'run' | 'stack' | 'volumes';
  damaged: 'line left out' | 'made anew' | 'taken over' | 'told by its owner';
  reservesName?: true;
}

const DOWN_AND_UP = 'qbtc down && qbtc up';

/** Everything that stands in `.qbtc`. */
export const STATE_FILES = {
  identity: {
    shape: 'document',
    file: 'stack.json',
    lifetime: 'stack',
    damaged: {
      code: 'IDENTITY_UNREADABLE',
      hint: 'it says which data is of this stack, wherever its folder went. Restore it from a backup, or, if the stack never stood elsewhere, delete it: it is made anew of its path then. Of a stack that was moved, what Docker keeps is not found again without it',
    },
  },
  secrets: {
    shape: 'document',
    file: 'secrets.json',
    reservesName: true,
    lifetime: 'stack',
    damaged: {
      code: 'SECRETS_UNREADABLE',
      hint: 'Restore it from a backup. If you changed it on purpose, take the line "$sha256" out. Only if there is no backup: delete it and run "qbtc down --volumes", which deletes the data of the stack (nothing else opens it); new secrets are generated then.',
    },
  },
  pendingSecret: {
    shape: 'document',
    file: 'secrets.pending.json',
    lifetime: 'stack',
    damaged: {
      code: 'SECRETS_UNREADABLE',
      hint: 'It holds the new value of a rotation that did not come to its end, and a server may know it already. Restore it from a backup; without one: delete it, see with "qbtc status" which server refuses its password, and give that one the password of secrets.json.',
    },
  },
  consumers: {
    shape: 'document',
    file: 'consumers.json',
    reservesName: true,
    lifetime: 'stack',
    damaged: {
      code: 'CONSUMERS_UNREADABLE',
      hint: 'it holds the keys of consumers; put a copy of it back, or remove it and add them anew',
    },
  },
  places: {
    shape: 'document',
    file: 'places.json',
    reservesName: true,
    lifetime: 'stack',
    damaged: {
      code: 'PLACES_UNREADABLE',
      hint: 'it says where the data of this stack stands outside of it. Restore it from a backup, or delete it: what carries the stamp of this stack is found again by that',
    },
  },
  portBase: {
    shape: 'document',
    file: 'port-base.json',
    lifetime: 'stack',
    damaged: {
      code: 'PORT_BASE_UNREADABLE',
      hint: 'it says at which ports this checkout runs: delete it, then run: qbtc up --port-base N',
    },
  },
  gatewayLedger: {
    shape: 'document',
    file: 'ledger.json',
    reservesName: true,
    lifetime: 'stack',
    damaged: {
      code: 'LEDGER_UNREADABLE',
      hint: 'it says which global rules and plugin metadata are ours; without it (remove the file) they are left alone until `qbtc routes sync --adopt`',
    },
  },
  brokerLedger: {
    shape: 'document',
    file: 'broker-ledger.json',
    reservesName: true,
    lifetime: 'stack',
    damaged: {
      code: 'LEDGER_UNREADABLE',
      hint: 'it says which exchanges, queues and bindings we have created; without it (remove the file) nothing of what is there is ever deleted',
    },
  },
  supervisor: {
    shape: 'document',
    file: 'state.json',
    reservesName: true,
    lifetime: 'run',
    damaged: {
      code: 'STATE_UNREADABLE',
      hint: `it says which processes are of this stack: ${DOWN_AND_UP} (down finds them by what they carry, and removes the file)`,
    },
  },
  choices: {
    shape: 'document',
    file: 'providers.json',
    reservesName: true,
    lifetime: 'run',
    damaged: {
      code: 'CHOICES_UNREADABLE',
      hint: `it says what runs each part; data is kept, and the file is made anew by: ${DOWN_AND_UP}`,
    },
  },
  scale: { shape: 'document', file: 'scale.json', reservesName: true, lifetime: 'run', damaged: 'made anew' },
  sources: { shape: 'document', file: 'sources.json', lifetime: 'run', damaged: 'made anew' },
  holds: {
    shape: 'document',
    file: 'holds.json',
    lifetime: 'run',
    damaged: {
      code: 'HOLDS_UNREADABLE',
      hint: `it says what a fault of qbtc chaos keeps down: ${DOWN_AND_UP}`,
    },
  },
  chaos: {
    shape: 'document',
    file: 'chaos.json',
    lifetime: 'run',
    damaged: {
      code: 'CHAOS_UNREADABLE',
      hint: `it says how to undo what chaos has done; without it: ${DOWN_AND_UP}`,
    },
  },
  containers: {
    shape: 'document',
    file: 'containers.json',
    reservesName: true,
    lifetime: 'run',
    damaged: 'made anew',
  },
  healing: { shape: 'document', file: 'heal.json', lifetime: 'run', damaged: 'made anew' },
  /** It outlives `down`, as what runs by hand does. */
  byHand: { shape: 'document', file: 'by-hand.json', lifetime: 'stack', damaged: 'made anew' },
  announced: {
    shape: 'document',
    file: 'announced.json',
    reservesName: true,
    lifetime: 'stack',
    damaged: 'made anew',
  },
  images: { shape: 'document', file: 'build/images.json', lifetime: 'stack', damaged: 'made anew' },
  /** What was looked at before a start and found without fault, by what it was then. */
  sound: { shape: 'document', file: 'sound.json', lifetime: 'stack', damaged: 'made anew' },
  /** What an upgrade is about to write: without it one that was killed may find conflicts that are none. */
  upgrade: { shape: 'document', file: 'upgrade.json', lifetime: 'stack', damaged: 'made anew' },
  conflicts: { shape: 'document', file: 'conflicts.json', lifetime: 'stack', damaged: 'made anew' },
  heals: { shape: 'lines', file: 'heal.jsonl', lifetime: 'stack', damaged: 'line left out' },
  scores: { shape: 'lines', file: 'scores.jsonl', lifetime: 'stack', damaged: 'line left out' },
  /** What processes have written, `NAME.log`. */
  logs: { shape: 'folder', file: 'logs', lifetime: 'stack', damaged: 'line left out' },
  /** What the resources keep, a folder each. */
  data: { shape: 'folder', file: 'data', lifetime: 'volumes', damaged: 'told by its owner' },
  /** Bundles of the services. */
  build: { shape: 'folder', file: 'build', lifetime: 'stack', damaged: 'made anew' },
  /** What the compiler has found out about the types of the services; see `lifecycle/watch`. */
  types: { shape: 'folder', file: '.types', lifetime: 'stack', damaged: 'made anew' },
  /** What the compose file is filled in with. */
  compose: { shape: 'folder', file: 'compose', lifetime: 'stack', damaged: 'made anew' },
  /** Journals of migrations of queues, a document each; see `topology/migrate`. */
  migrations: {
    shape: 'folder',
    file: 'migrations',
    reservesName: true,
    lifetime: 'stack',
    damaged: 'told by its owner',
  },
  /** What large files of the gateway said when they were read last. */
  parsed: { shape: 'folder', file: '.parsed', lifetime: 'stack', damaged: 'made anew' },
  /** Held by the command that changes the stack. */
  lock: { shape: 'lock', file: 'lock', reservesName: true, lifetime: 'run', damaged: 'taken over' },
  socket: { shape: 'socket', file: 'supervisor.sock', lifetime: 'run', damaged: 'made anew' },
  /** qbtc.yaml as `init` wrote it last: what people have changed since is what differs from it. */
  adopted: { shape: 'text', file: 'adopted.yaml', lifetime: 'stack', damaged: 'made anew' },
  /** What services did when `init --probe` started them. */
  seen: { shape: 'document', file: 'seen.json', lifetime: 'stack', damaged: 'made anew' },
  /** Keeps git away, also where the stack's own `.gitignore` does not know us. */
  ignored: { shape: 'text', file: '.gitignore', lifetime: 'stack', damaged: 'made anew' },
} as const satisfies Record<string, DocumentDeclaration | OtherDeclaration>;

export type StateFileName = keyof typeof STATE_FILES;
type NameOf<Shape> = {
  [N in StateFileName]: (typeof STATE_FILES)[N]['shape'] extends Shape ? N : never;
}[StateFileName];
export type DocumentName = NameOf<'document'>;
export type LinesName = NameOf<'lines'>;

/** The documents that a running stack wrote down of itself. */
export const RUNNING_STATE = (Object.keys(STATE_FILES) as StateFileName[]).filter(
  (name) => STATE_FILES[name].shape === 'document' && STATE_FILES[name].lifetime === 'run',
);

/** Names that no resource and no service may have: what qbtc writes for itself is called so. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  // The log of the supervisor, and qbtc's own user.
  'supervisor',
  'qbtc',
  ...Object.values<DocumentDeclaration | OtherDeclaration>(STATE_FILES)
    .filter(({ reservesName }) => reservesName === true)
    .map(({ file }) => parse(file).name),
]);
