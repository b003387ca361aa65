import type { Client } from "pg";
import { formatLsn } from "../lsn.ts";
import type { Lsn } from "../lsn.ts";
import type { Mirror } from "./mirror.ts";
import { PassedError } from "./holds.ts";
import { openMoment } from "./source-moment.ts";
import type { SourceMoment } from "./source-moment.ts";

/** The mirror stands still where `client` reads the source. */
export interface Standstill {
  /** Everything that committed before this is on both sides, and nothing else. */
  lsn: string;
  client: Client;
  /** Lets the mirror go on. */
  end(): Promise<void>;
}

/** Makes the mirror stand still at a new moment of the source; null when it was past that before it was told. */
export async function standStill(source: string, mirror: Mirror): Promise<Standstill | null> {
  let held: Promise<() => void> = Promise.resolve(() => {});
  const letGo = (): Promise<void> =>
    held.then(
      (release) => release(),
      () => {},
    );
  // At once: the mirror goes on with what commits while the moment is being opened.
  const positioned = (lsn: Lsn): void => {
    held = mirror.holdAt(formatLsn(lsn));
    held.catch(() => {});
  };
  const slot = { name: `kehu_verify_${process.pid}_${Date.now()}`, temporary: true };
  let opened: SourceMoment | undefined;
  try {
    const { moment, client, close } = (opened = await openMoment(source, slot, { positioned }));
    await held;
    return { lsn: formatLsn(moment.lsn), client, end: () => letGo().then(close) };
  } catch (error) {
    await letGo();
    await opened?.close();
    if (error instanceof PassedError) return null;
    throw error;
  }
}
