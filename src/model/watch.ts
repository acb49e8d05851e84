/** What `up --watch` tells, as it happens. Files are relative to the folder of the stack. */
export type WatchEvent =
  | {
      event: 'watching';
      /** What this start has started; what ran already is not in it. */
      started: string[];
      gatewayUrl: string | null;
      folders: number;
    }
  | {
      event: 'applied';
      files: string[];
      restarted: string[];
      /** What was applied besides: migrations, topology, routes. */
      changes: string[];
      durationMs: number;
    }
  /** Something is wrong: what ran before it was noticed runs on. */
  | {
      event: 'refused';
      files: string[];
      code: string;
      message: string;
      details: string[];
      hint: string | null;
    }
  | { event: 'tested'; tag: string; passed: number; failed: { name: string; reason: string }[] }
  | { event: 'ended' };
