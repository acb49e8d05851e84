/** What happens to one file of the stack. */
export interface FileChange {
  /** `keep`: the file was changed by hand, and stays, under the name `kept`. */
  action: 'create' | 'same' | 'delete' | 'keep';
  path: string;
  /** `FILE.kept`, or with a number behind it where that is taken. */
  kept?: string;
}

/** What is to be done with an add-on; plain data. */
export interface AddonPlan {
  addon: string;
  action: 'add' | 'remove';
  changes: FileChange[];
}
