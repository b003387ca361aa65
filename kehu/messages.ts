/** What the supervisor and its children say to each other over the IPC channel. */

export const services = ["warehouse", "query", "sandbox", "web"] as const;
export type Service = (typeof services)[number];

export interface MirrorHealth {
  /** Seconds between now and the last moment the mirror is known to be complete to; null until the first copy is done. */
  lagSeconds: number | null;
  appliedLsn: string | null;
}

/** The snapshot that the query process answers from. */
export interface Serving {
  build: string;
  lsn: string;
  freshTo: string;
  finishedAt: string;
  failedTests: number;
  /** Marts that this build rebuilt. */
  changed: string[];
}

/** Loopback ports of the listeners that are up. `internal` is the web process's listener for its siblings, `warehouse` the one for `kehu verify`. */
export interface Ports {
  query?: number;
  sandbox?: number;
  warehouse?: number;
  internal?: number;
}

export type FromChild =
  { type: "ready"; service: Service; ports: Ports } | { type: "mirror"; health: MirrorHealth } | { type: "serving"; serving: Serving };

/** `serving` null: the query process is not there. */
export type ToChild =
  { type: "ports"; ports: Ports } | { type: "mirror"; health: MirrorHealth } | { type: "serving"; serving: Serving | null };
