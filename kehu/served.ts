import type { Serving } from "./messages.ts";

/** What the query process answers from, and who wants to know when that changes. */
export interface Served {
  /** Null while the query process is starting or away. */
  current(): Serving | null;
  set(serving: Serving | null): void;
  /** Called after each change. Returns the function that ends it. */
  onChange(listener: () => void): () => void;
}

export function createServed(): Served {
  let current: Serving | null = null;
  const listeners = new Set<() => void>();
  return {
    current: () => current,
    set: (serving) => {
      current = serving;
      for (const listener of listeners) listener();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
