/** What a person ran (for this tab) and saved (for this browser), apart by user: the next one at the same desk sees nothing of it. */

export interface KeptStatement {
  sql: string;
  /** RFC 3339 UTC. */
  at: string;
  /** Of saved ones. */
  name?: string;
}

const most = 50;

const read = (storage: Storage, key: string): KeptStatement[] => {
  try {
    const kept: unknown = JSON.parse(storage.getItem(key) ?? "[]");
    return Array.isArray(kept) ? (kept as KeptStatement[]).filter(({ sql, at }) => typeof sql === "string" && typeof at === "string") : [];
  } catch {
    return []; // somebody else's entry under our name
  }
};

const write = (storage: Storage, key: string, kept: KeptStatement[]): KeptStatement[] => {
  storage.setItem(key, JSON.stringify(kept.slice(0, most)));
  return kept.slice(0, most);
};

const historyOf = (user: string): string => `kehu.sql.history.${user}`;
const savedOf = (user: string): string => `kehu.sql.saved.${user}`;

/** Newest first. */
export const readHistory = (user: string): KeptStatement[] => read(sessionStorage, historyOf(user));
export const addToHistory = (user: string, sql: string): KeptStatement[] =>
  write(sessionStorage, historyOf(user), [{ sql, at: new Date().toISOString() }, ...readHistory(user).filter((kept) => kept.sql !== sql)]);

export const readSaved = (user: string): KeptStatement[] => read(localStorage, savedOf(user));
/** A name that is there is written over. */
export const save = (user: string, name: string, sql: string): KeptStatement[] =>
  write(localStorage, savedOf(user), [
    { name, sql, at: new Date().toISOString() },
    ...readSaved(user).filter((kept) => kept.name !== name),
  ]);
export const forget = (user: string, name: string): KeptStatement[] =>
  write(
    localStorage,
    savedOf(user),
    readSaved(user).filter((kept) => kept.name !== name),
  );
