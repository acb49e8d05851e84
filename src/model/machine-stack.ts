/** A stack of which something runs on this machine. */
export interface MachineStack {
  /** Empty where nothing tells. */
  name: string;
  /** Where it was started. */
  root: string;
  /** Whether it still stands there: what runs of one that was moved is ended from its new place. */
  present: boolean;
  /** Whether the command was given in it. */
  here: boolean;
  supervisor: { pid: number } | undefined;
  parts: MachinePart[];
}

/** A process or a container of a stack. */
export interface MachinePart {
  name: string;
  runs: 'process' | 'container';
  pid?: number;
  ports: number[];
}
