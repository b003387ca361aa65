import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { proofOf, type BackedUpFile } from "@kehu/operational-api";
import { ConfigError } from "@kehu/operational-api/definitions";
import { z } from "zod";

/** Layout of a backup's folder. Another layout, another number. */
const format = 1;

const file = z.object({ path: z.string(), bytes: z.number().int(), sha256: z.string() });
const content = z.object({
  format: z.literal(format),
  /** Version of the program that took it. */
  version: z.string(),
  /** RFC 3339 UTC. */
  startedAt: z.string(),
  /** Everything acknowledged before this is in the backup. */
  completeTo: z.string(),
  majorVersion: z.string(),
  platform: z.string(),
  stopLsn: z.string(),
  folders: z.array(z.string()),
  /** Below `postgres/`. */
  files: z.array(file),
  /** Beside it: settings and what of the warehouse can't be made again. */
  others: z.array(file),
});

export type Manifest = z.infer<typeof content>;

export const manifestName = "backup.json";
export const clusterFolder = "postgres";
export const settingsName = "settings.json";

const digestOf = (manifest: Manifest): string => createHash("sha256").update(JSON.stringify(manifest)).digest("hex");

/** Written last: a folder without it is no backup. */
export async function writeManifest(dir: string, manifest: Omit<Manifest, "format">): Promise<void> {
  const whole = content.parse({ format, ...manifest });
  await writeFile(join(dir, manifestName), JSON.stringify({ ...whole, digest: digestOf(whole) }), { mode: 0o600, flag: "wx", flush: true });
}

const refused = (dir: string, reason: string): ConfigError => new ConfigError(`${dir} can't be restored: ${reason}`);

/** The backup in `dir`, every file of it as it was written. Throws ConfigError for what is no backup, is not whole, or was changed. */
export async function readBackup(dir: string): Promise<Manifest> {
  const text = await readFile(join(dir, manifestName), "utf8").catch((error: NodeJS.ErrnoException) => {
    throw refused(dir, `it has no ${manifestName}, so it is no backup, or one that was not finished (${error.code})`);
  });
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw refused(dir, `${manifestName} is torn`);
  }
  const known = z.object({ format: z.number(), version: z.string(), digest: z.string() }).safeParse(given);
  if (!known.success) throw refused(dir, `${manifestName} is not that of a backup`);
  if (known.data.format !== format)
    throw refused(dir, `it has layout ${known.data.format} (Kehu ${known.data.version}), this Kehu reads layout ${format}`);
  const parsed = content.safeParse(given);
  if (!parsed.success || digestOf(parsed.data) !== known.data.digest) throw refused(dir, `${manifestName} was changed`);
  const manifest = parsed.data;
  const listed: BackedUpFile[] = [
    ...manifest.files.map((each) => ({ ...each, path: `${clusterFolder}/${each.path}` })),
    ...manifest.others,
  ];
  for (const { path, bytes, sha256 } of listed) {
    const found = await proofOf(join(dir, path)).catch((error: NodeJS.ErrnoException) => {
      throw refused(dir, `${path} is missing (${error.code})`);
    });
    if (found.bytes !== bytes) throw refused(dir, `${path} has ${found.bytes} bytes, ${bytes} were written`);
    if (found.sha256 !== sha256) throw refused(dir, `${path} is not what was written`);
  }
  return manifest;
}
