/**
 * The code Cube made of a model file, kept beside the installed packages: its Python grammar takes five seconds over our model's YAML and its
 * JavaScript pass two more, at every start the same ones. A cache by content, so nothing in it is ever stale; a new version of Cube has a folder of its own.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** As the part of an LRU cache that Cube's compiler uses; keys are the digest of the file's content. */
export interface KeptCode {
  has: (digest: string) => boolean;
  get: (digest: string) => string | undefined;
  set: (digest: string, code: string) => void;
  /** Writes what is new. To be called after the whole model has compiled: Cube also sets what it found errors in. */
  keep: () => void;
}

/** An installation that may not be written to has no such folder; it compiles every time. */
const unwritable = ["EACCES", "EPERM", "EROFS"];

export const createKeptCode = (directory: string): KeptCode => {
  const fresh = new Map<string, string>();
  const fileOf = (digest: string): string => join(directory, `${digest}.js`);
  const has = (digest: string): boolean => fresh.has(digest) || existsSync(fileOf(digest));
  return {
    has,
    get: (digest) => fresh.get(digest) ?? (has(digest) ? readFileSync(fileOf(digest), "utf8") : undefined),
    set: (digest, code) => void fresh.set(digest, code),
    keep: () => {
      if (!fresh.size) return;
      try {
        mkdirSync(directory, { recursive: true });
        for (const [digest, code] of fresh) {
          const part = `${fileOf(digest)}.${process.pid}.part`;
          writeFileSync(part, code);
          renameSync(part, fileOf(digest));
        }
      } catch (error) {
        if (!unwritable.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
      }
    },
  };
};
