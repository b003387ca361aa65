/** Who has a process: one per user, as many as the machine's share allows; the one idle longest goes first. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createDesk, type Desk, type DeskLimits } from "./desk.ts";
import { startWorker, type WorkerProcess } from "./worker-process.ts";

/** A copy that nobody asks for is not kept for ever. */
const idleMs = 10 * 60_000;

export interface Desks {
  /** Lends the user's desk to `use`; waits for a free place as long as `signal` lets it. `rights`: another value ends the desk made for the one before. */
  with<T>(user: { id: string; rights: string; limits: DeskLimits }, signal: AbortSignal, use: (desk: Desk) => Promise<T>): Promise<T>;
  /** Those in no statement's use now. */
  idle(): Desk[];
  close(): Promise<void>;
}

interface Place {
  user: string;
  rights: string;
  desk: Desk;
  borrowers: number;
  usedAt: number;
}

export const createDesks = (options: { folder: string; places: number }): Desks => {
  const places = new Map<string, Place>();
  /** Still in use under rights that no longer hold; ended when given back. */
  const outdated = new Set<Place>();
  const ending = new Set<Promise<void>>();
  const waiting: (() => void)[] = [];
  let closed = false;
  /** Started before it is needed: a new user's first statement does not wait for a process. It takes its limits from its first user. */
  let spare: { worker: WorkerProcess; limits: { memoryMiB: number } } | undefined;

  const prepareSpare = (): void => {
    if (closed || spare?.worker.isAlive()) return;
    const limits = { memoryMiB: 0 };
    spare = { worker: startWorker({ memoryMiB: () => limits.memoryMiB }), limits };
  };
  const wake = (): void => waiting.shift()?.();

  const end = (place: Place): void => {
    if (places.get(place.user) === place) places.delete(place.user);
    const ended = place.desk.end().finally(() => {
      ending.delete(ended);
      wake();
    });
    ending.add(ended);
  };

  const clearWhenEnded = async (place: Place): Promise<void> => {
    await place.desk.worker.ended;
    if (places.get(place.user) === place) end(place);
  };

  const seat = (user: string, rights: string, limits: DeskLimits): Place => {
    prepareSpare();
    const { worker, limits: named } = spare!;
    spare = undefined;
    named.memoryMiB = limits.memoryMiB;
    const place = { user, rights, desk: createDesk(worker, join(options.folder, randomUUID()), limits), borrowers: 0, usedAt: 0 };
    places.set(user, place);
    void clearWhenEnded(place);
    return place;
  };

  const oldestIdle = (): Place | undefined =>
    [...places.values()].filter(({ borrowers }) => borrowers === 0).sort((left, right) => left.usedAt - right.usedAt)[0];

  const placeOf = async (user: { id: string; rights: string; limits: DeskLimits }, signal: AbortSignal): Promise<Place> => {
    for (;;) {
      signal.throwIfAborted();
      const own = places.get(user.id);
      if (own && own.rights === user.rights && own.desk.worker.isAlive()) return own;
      // What was copied for other rights is not for these, also when they are fewer.
      if (own && own.borrowers === 0) end(own);
      else if (own) {
        places.delete(user.id);
        outdated.add(own);
      }
      if (places.size + outdated.size + ending.size < options.places) return seat(user.id, user.rights, user.limits);
      const idle = oldestIdle();
      if (idle) end(idle);
      await new Promise<void>((resolve, reject) => {
        const go = (): void => {
          signal.removeEventListener("abort", stop);
          resolve();
        };
        const stop = (): void => {
          waiting.splice(waiting.indexOf(go), 1);
          reject(signal.reason as Error);
        };
        signal.addEventListener("abort", stop, { once: true });
        waiting.push(go);
      });
    }
  };
  const tidying = setInterval(() => {
    for (const place of places.values()) if (place.borrowers === 0 && performance.now() - place.usedAt > idleMs) end(place);
  }, idleMs / 10);
  tidying.unref();
  prepareSpare();

  return {
    with: async (user, signal, use) => {
      const place = await placeOf(user, signal);
      place.borrowers++;
      try {
        return await use(place.desk);
      } finally {
        place.borrowers--;
        place.usedAt = performance.now();
        if (place.borrowers === 0 && outdated.delete(place)) end(place);
        wake();
        prepareSpare();
      }
    },
    idle: () => [...places.values()].filter(({ borrowers }) => borrowers === 0).map(({ desk }) => desk),
    close: async () => {
      closed = true;
      clearInterval(tidying);
      spare?.worker.kill();
      for (const place of [...places.values(), ...outdated]) end(place);
      await Promise.allSettled([...ending, spare?.worker.ended]);
    },
  };
};
