/** One field that differs. `path` is dotted (`plugins.limit-count.count`); a side that lacks it is `undefined`. */
export interface FieldChange {
  path: string;
  from?: unknown;
  to?: unknown;
}

/**
 * One thing that `apply` will do. Plans are pure data: they can be printed, compared, and carried out.
 * Secret values in `fields` are masked by the one who makes the plan.
 */
export interface Change {
  action: 'create' | 'update' | 'delete';
  /** The field's own term: `route`, `upstream`, `queue`, `binding`, `resource`. */
  kind: string;
  name: string;
  reason?: string;
  fields?: FieldChange[];
  /** What it costs while it is made: messages that are moved, consumers that wait. */
  cost?: string;
  /** It cannot be made where it is: its messages have to be moved into one that is as declared. */
  needsMigration?: true;
  /** Why `apply` will not carry it out (not ours, needs a migration). It is reported as failed, with this reason. */
  blocked?: string;
}

/**
 * What became of a change. A change is `skipped` when one that it depends on failed, and `reverted` when it was done
 * and put back because another one failed.
 */
export interface ChangeOutcome {
  change: Change;
  status: 'done' | 'failed' | 'skipped' | 'reverted';
  /** Why it failed, was skipped, or was put back. */
  reason?: string;
  /** Where what failed is written: `qbtc.yaml:12:5`. */
  place?: string;
}
