/** Who may call the routes, as it is told: never a key. */
export interface ListedConsumer {
  username: string;
  /** In `qbtc.yaml`, or by the command `consumers add`. */
  source: 'declared' | 'command';
  credentials: number;
  /** `60 requests in 60 s`; empty for none. */
  limit: string;
  createdAt: string | null;
  rotatedAt: string | null;
  /** Whether the key before the last rotation is still good. */
  previousValid: boolean;
}
