/** What holds of a file of the state, whatever it is about. */
export interface Declaration {
  /** Below `.qbtc`. */
  file: string;
  /** `run`: what runs wrote it down, and `down` removes it. `stack`: it lasts as long as the stack. */
  lifetime: 'run' | 'stack';
  /**
   * What is said of one that is damaged: the code of the error, what is lost with it and what to do. Left out for what
   * can be made anew: then damage is as good as absence.
   */
  damaged?: { code: string; hint: string };
}

const DOWN_AND_UP = 'qbtc down && qbtc up';

/** Every file that qbtc reads back from `.qbtc`, but for logs, bundles, and what the resources keep themselves. */
export const STATE_FILES = {
  identity: {
    file: 'stack.json',
    lifetime: 'stack',
    damaged: {
      code: 'IDENTITY_UNREADABLE',
      hint: 'it says which data is of this stack, wherever its folder went. Restore it from a backup, or, if the stack never stood elsewhere, delete it: it is made anew of its path then. Of a stack that was moved, what Docker keeps is not found again without it',
    },
  },
  secrets: {
    file: 'secrets.json',
    lifetime: 'stack',
    damaged: {
      code: 'SECRETS_UNREADABLE',
      hint: 'Restore it from a backup. If you changed it on purpose, take the line "$sha256" out. Only if there is no backup: delete it and run "qbtc down --volumes", which deletes the data of the stack (nothing else opens it); new secrets are generated then.',
    },
  },
  pendingSecret: {
    file: 'secrets.pending.json',
    lifetime: 'stack',
    damaged: {
      code: 'SECRETS_UNREADABLE',
      hint: 'It holds the new value of a rotation that did not come to its end, and a server may know it already. Restore it from a backup; without one: delete it, see with "qbtc status" which server refuses its password, and give that one the password of secrets.json.',
    },
  },
  consumers: {
    file: 'consumers.json',
    lifetime: 'stack',
    damaged: {
      code: 'CONSUMERS_UNREADABLE',
      hint: 'it holds the keys of consumers; put a copy of it back, or remove it and add them anew',
    },
  },
  places: {
    file: 'places.json',
    lifetime: 'stack',
    damaged: {
      code: 'PLACES_UNREADABLE',
      hint: 'it says where the data of this stack stands outside of it. Restore it from a backup, or delete it: what carries the stamp of this stack is found again by that',
    },
  },
  portBase: {
    file: 'port-base.json',
    lifetime: 'stack',
    damaged: {
      code: 'PORT_BASE_UNREADABLE',
      hint: 'it says at which ports this checkout runs: delete it, then run: qbtc up --port-base N',
    },
  },
  gatewayLedger: {
    file: 'ledger.json',
    lifetime: 'stack',
    damaged: {
      code: 'LEDGER_UNREADABLE',
      hint: 'it says which global rules and plugin metadata are ours; without it (remove the file) they are left alone until `qbtc routes sync --adopt`',
    },
  },
  brokerLedger: {
    file: 'broker-ledger.json',
    lifetime: 'stack',
    damaged: {
      code: 'LEDGER_UNREADABLE',
      hint: 'it says which exchanges, queues and bindings we have created; without it (remove the file) nothing of what is there is ever deleted',
    },
  },
  supervisor: {
    file: 'state.json',
    lifetime: 'run',
    damaged: {
      code: 'STATE_UNREADABLE',
      hint: `it says which processes are of this stack: ${DOWN_AND_UP} (down finds them by what they carry, and removes the file)`,
    },
  },
  choices: {
    file: 'providers.json',
    lifetime: 'run',
    damaged: {
      code: 'CHOICES_UNREADABLE',
      hint: `it says what runs each part; data is kept, and the file is made anew by: ${DOWN_AND_UP}`,
    },
  },
  scale: { file: 'scale.json', lifetime: 'run' },
  sources: { file: 'sources.json', lifetime: 'run' },
  holds: {
    file: 'holds.json',
    lifetime: 'run',
    damaged: {
      code: 'HOLDS_UNREADABLE',
      hint: `it says what a fault of qbtc chaos keeps down: ${DOWN_AND_UP}`,
    },
  },
  chaos: {
    file: 'chaos.json',
    lifetime: 'run',
    damaged: {
      code: 'CHAOS_UNREADABLE',
      hint: `it says how to undo what chaos has done; without it: ${DOWN_AND_UP}`,
    },
  },
  containers: { file: 'containers.json', lifetime: 'run' },
  healing: { file: 'heal.json', lifetime: 'run' },
  /** It outlives `down`, as what runs by hand does. */
  byHand: { file: 'by-hand.json', lifetime: 'stack' },
  announced: { file: 'announced.json', lifetime: 'stack' },
  images: { file: 'build/images.json', lifetime: 'stack' },
} as const satisfies Record<string, Declaration>;

export type StateFileName = keyof typeof STATE_FILES;

/** The files that a running stack wrote down of itself. */
export const RUNNING_STATE: readonly string[] = Object.values(STATE_FILES)
  .filter(({ lifetime }) => lifetime === 'run')
  .map(({ file }) => file);
