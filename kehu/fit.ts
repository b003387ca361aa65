import { ConfigError } from "@kehu/operational-api/definitions";
import { isHeld } from "./data-dir-lock.ts";
import { readProcesses } from "./processes-file.ts";
import { readSettings } from "./settings.ts";

/** `kehu fit`: has the running company compute its statistical fits now, and not at its next day. Returns when they are asked for. */
export async function fit(argv: string[]): Promise<number> {
  if (argv.length > 0) throw new ConfigError(`kehu fit takes no arguments, found "${argv.join(" ")}"`);
  const { dataDir } = readSettings(process.env);
  const processes = (await isHeld(dataDir)) ? await readProcesses(dataDir) : null;
  if (!processes?.ports.warehouse) throw new ConfigError(`no company is running in ${dataDir}; start it with kehu start`);
  const answer = await fetch(`http://127.0.0.1:${processes.ports.warehouse}/internal/fit`, {
    method: "POST",
    headers: { "x-kehu-internal": processes.internalSecret },
  });
  if (!answer.ok) throw new Error(`the warehouse process answered ${answer.status}`);
  console.log("The fits are being computed; their results come with one of the next publishes.");
  return 0;
}
