/**
 * What is done with one file. `create`, `update`, `delete`: as the template has it, nobody had changed it. `merge`: both
 * have changed it, in different places. `move`: it stands elsewhere in the template, and what was changed went with it.
 * `conflict`: both have changed the same lines. `keep`: it stays as it is, although the template is another one.
 */
export const FILE_ACTIONS = ['create', 'update', 'merge', 'move', 'delete', 'keep', 'conflict'] as const;
export type FileAction = (typeof FILE_ACTIONS)[number];

/**
 * Why a file is kept. `deleted`: somebody has taken it out, and the template has changed it. `gone`: the template has it no
 * more, but somebody has changed it. `in-the-way`: a folder or a link stands there, or something that is no text.
 */
export type KeepReason = 'deleted' | 'gone' | 'in-the-way';

export interface FileUpgrade {
  action: FileAction;
  path: string;
  /** Where it stood before. */
  from?: string;
  reason?: KeepReason;
  /** How many places are to be decided. */
  conflicts?: number;
  /** Where the template's file was put, as what is there can hold no marks. */
  beside?: string;
}

/** What the stack goes by: what qbtc wrote down of it, a commit of its repository, or nothing. */
export type UpgradeBase = 'manifest' | 'commit' | 'none';

/** What is worth telling beside the files. */
export type UpgradeNotice =
  | { kind: 'no-repository' }
  | { kind: 'base-lost'; files: number }
  | { kind: 'addon-unknown'; addon: string }
  | { kind: 'packages-not-installed' };

/** What an upgrade does, or did. */
export interface Upgrade {
  /** The version of the template that the stack was made of; `null` where nothing says it. */
  from: string | null;
  to: string;
  base: UpgradeBase;
  changes: FileUpgrade[];
  notices: UpgradeNotice[];
}
