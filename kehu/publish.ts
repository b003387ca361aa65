import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pinSnapshot, readPointer, resumeSnapshots, snapshotsFolder } from "@kehu/ingest";
import { ConfigError } from "@kehu/operational-api/definitions";
import { readSettings } from "./settings.ts";

/** `kehu publish --list`, `--to BUILD`, `--resume`: what is kept, serve an earlier snapshot, go back to the newest. */
export async function publish(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: { list: { type: "boolean" }, to: { type: "string" }, resume: { type: "boolean" } } });
  const { warehouseDir } = readSettings(process.env);
  if ([values.list, values.to, values.resume].filter(Boolean).length !== 1)
    throw new ConfigError("kehu publish takes one of --list, --to BUILD, --resume");
  if (values.to) {
    await pinSnapshot(warehouseDir, values.to).catch((error: Error) => {
      throw new ConfigError(error.message);
    });
    console.log(`serving ${values.to} until kehu publish --resume`);
  } else if (values.resume) {
    const pointer = await resumeSnapshots(warehouseDir);
    console.log(pointer ? `serving ${pointer.build}` : "nothing was pinned");
  } else {
    const current = await readPointer(warehouseDir);
    const names = (await readdir(snapshotsFolder(warehouseDir)).catch(() => [])).filter((name) => name.endsWith(".duckdb")).toSorted();
    for (const name of names) {
      const { size, mtime } = await stat(join(snapshotsFolder(warehouseDir), name));
      const build = name.replace(/\.duckdb$/, "");
      console.log(`${build === current?.build ? "*" : " "} ${build}  ${mtime.toISOString()}  ${(size / 2 ** 20).toFixed(1)} MiB`);
    }
    if (!names.length) console.log("nothing is published yet");
  }
  return 0;
}
