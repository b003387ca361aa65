/** What the supervisor and its children say to each other over the IPC channel. */

import type { CopyProgress, MirrorCheck, MirrorProblem, SlotHealth } from "@kehu/ingest";

export const services = ["warehouse", "query", "sandbox", "web"] as const;
export type Service = (typeof services)[number];

export interface MirrorHealth {
  /** Seconds between now and the last moment the mirror is known to be complete to; null until the first copy is done. */
  lagSeconds: number | null;
  appliedLsn: string | null;
  /** What of the source is not mirrored, or not now; absent until the warehouse process has said. */
  problems?: MirrorProblem[];
  /** The replication slot as Postgres sees it. */
  slot?: SlotHealth | null;
  /** While everything is copied: how far it is. */
  copying?: CopyProgress | null;
  /** Rows that were received and are not applied, a long one counted as several. */
  waitingRows?: number;
  /** Tables whose rows are being read again. */
  rereading?: string[];
  /** The last time everything was copied, since the warehouse process began. */
  lastCopy?: { at: string; reason: string; tables: number; seconds: number } | null;
  /** The last comparison of the whole mirror with Postgres. */
  lastCheck?: MirrorCheck | null;
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
