import { parseArgs } from "node:util";
import { ConfigError, createLogger } from "@kehu/operational-api/definitions";
import { serveStandalone } from "@kehu/semantic";
import { readSettings } from "./settings.ts";

/** `kehu semantic --model DIR --database FILE --port N`: Cube's API over any model and file, tokens signed with KEHU_SECRET. */
export async function semantic(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: { model: { type: "string" }, database: { type: "string" }, port: { type: "string", default: "4000" } },
  });
  const port = Number(values.port);
  if (!values.model || !values.database || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ConfigError("kehu semantic needs --model DIR --database FILE, and --port from 0 to 65535");
  }
  const settings = readSettings(process.env);
  if (!settings.secret) throw new ConfigError("KEHU_SECRET is not set; callers' tokens are signed with it (HS256, at least 32 bytes)");
  const running = await serveStandalone({
    model: values.model,
    database: values.database,
    port,
    secret: settings.secret,
    // A foreign model is nobody's company: without a zone of its own it is answered in Cube's.
    timezone: process.env.KEHU_TIMEZONE ? settings.timezone : "UTC",
    logger: createLogger({ service: "semantic", level: settings.logLevel }),
  });
  console.log(`Cube's REST API is at http://127.0.0.1:${running.port}/cubejs-api/v1`);
  await new Promise<void>((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
  await running.close();
  return 0;
}
