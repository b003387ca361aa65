import { createReadStream } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join, relative } from "node:path";

async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return []; // gone while we looked
    throw error;
  });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

async function holds(file: string, sought: readonly Buffer[]): Promise<boolean> {
  const overlap = Math.max(...sought.map(({ length }) => length)) - 1;
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const piece of createReadStream(file, { highWaterMark: 4 * 1024 * 1024 })) {
      const whole = Buffer.concat([rest, piece as Buffer]);
      if (sought.some((bytes) => whole.includes(bytes))) return true;
      rest = whole.subarray(Math.max(0, whole.length - overlap));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return false;
}

/** The files below these folders that hold one of the texts, as UTF-8, by their path; every byte of every file is read. */
export async function searchBytes(folders: readonly string[], texts: readonly string[]): Promise<string[]> {
  if (texts.length === 0) return [];
  const sought = texts.map((text) => Buffer.from(text, "utf8"));
  const found: string[] = [];
  for (const folder of folders) {
    if (!(await lstat(folder)).isDirectory()) continue;
    for await (const file of filesBelow(folder)) if (await holds(file, sought)) found.push(relative(folder, file));
  }
  return found;
}
