import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export type MirrorQuestion = { reach: string } | { end: true };

/** Milliseconds since the mirror was told to start. */
export type MirrorAnswer = { tells: "started"; ms: number } | { tells: "reached"; ms: number } | { tells: "ended"; peakMiB: number };

export interface MirrorChild {
  /** How long its start took, with the first copy if there was one. */
  startedMs: number;
  /** Resolves when the position is applied: milliseconds since the start. */
  reach(lsn: string): Promise<number>;
  /** Stops it: the most memory its process ever had. */
  end(): Promise<{ peakMiB: number }>;
}

export interface MirrorChildOptions {
  url: string;
  dir: string;
  slot: string;
  /** Of DuckDB, in its own spelling. */
  memoryLimit: string;
}

/** Starts `mirror-process.ts`; resolves when it streams. */
export async function startMirrorChild({ url, dir, slot, memoryLimit }: MirrorChildOptions): Promise<MirrorChild> {
  const child = fork(join(import.meta.dirname, "mirror-process.ts"), [url, dir, slot, memoryLimit]);
  const gone = once(child, "exit").then(([code]) => Promise.reject(new Error(`the mirror's process ended with ${String(code)}`)));
  gone.catch(() => {}); // it may end when nothing is asked any more
  async function answer<Tells extends MirrorAnswer["tells"]>(
    tells: Tells,
    question?: MirrorQuestion,
  ): Promise<MirrorAnswer & { tells: Tells }> {
    const answered = once(child, "message") as Promise<[MirrorAnswer]>;
    if (question) child.send(question);
    const [message] = await Promise.race([answered, gone]);
    if (message.tells !== tells) throw new Error(`the mirror's process told ${message.tells}, not ${tells}`);
    return message as MirrorAnswer & { tells: Tells };
  }
  const { ms } = await answer("started");
  return {
    startedMs: ms,
    reach: async (lsn) => (await answer("reached", { reach: lsn })).ms,
    end: () => answer("ended", { end: true }),
  };
}
