/** The command line: one command each, loaded when it is called. */
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

// Stripping types and compiling took two of ten seconds of a start, in each process anew. Where the folder can't be written, it stays so.
enableCompileCache(fileURLToPath(new URL("node_modules/.cache/kehu-compiled", import.meta.url)));

const usage = `kehu: CRM data warehouse and BI portal

  kehu start [--only web,warehouse,query,sandbox]
                                            everything: portal, APIs, mirror, models, semantic layer, ad-hoc SQL
  kehu build | run | test | seed | snapshot | compile | ls | show | retry | docs generate | source freshness | parse | run-operation | clean | deps
                                            the model runner, with dbt's meaning and flags
  kehu sync --once [--source URL --schema S --database FILE]
                                            bring the mirror up to the source's current LSN, then stop
  kehu verify [--source URL --schema S --database FILE]
                                            compare every mirrored table with Postgres at one LSN
  kehu semantic --model DIR --database FILE --port N
                                            Cube's REST API over any model and DuckDB file
  kehu publish --list | --to BUILD | --resume
                                            list the kept snapshots, serve an earlier one, go back to the newest
  kehu backup DIR                           everything that can't be made again, into an empty folder, while the company runs or not
  kehu restore DIR                          lay a backup down in an empty KEHU_DATA_DIR
  kehu audit verify [--expect SEAL:DIGEST]  prove that nothing in the audit trail was changed, added or taken away since it was sealed
  kehu fit                                  compute the statistical fits now, and not at the company's next day
  kehu demo [--customers N --years Y --seed S --until DATE] | --remove
                                            fill an empty company with demonstration data, or remove it
  kehu help

Settings come from the environment; see README.md.`;

const runner = new Set("build run test seed snapshot compile ls list show docs source parse run-operation clean deps retry".split(" "));

async function main(argv: string[]): Promise<number> {
  const [command = "help", ...rest] = argv;
  if (runner.has(command)) return (await import("@kehu/models")).runnerCommand(argv);
  switch (command) {
    case "start":
      return (await import("./kehu/start.ts")).start(rest);
    case "child":
      return (await import("./kehu/child.ts")).runChild(rest[0] ?? "");
    case "sync":
      return (await import("./kehu/mirror-commands.ts")).sync(rest);
    case "verify":
      return (await import("./kehu/mirror-commands.ts")).verifyMirror(rest);
    case "semantic":
      return (await import("./kehu/semantic.ts")).semantic(rest);
    case "publish":
      return (await import("./kehu/publish.ts")).publish(rest);
    case "backup":
      return (await import("./kehu/backup.ts")).backup(rest);
    case "restore":
      return (await import("./kehu/restore.ts")).restore(rest);
    case "audit":
      return (await import("./kehu/audit.ts")).audit(rest);
    case "fit":
      return (await import("./kehu/fit.ts")).fit(rest);
    case "demo":
      return (await import("./kehu/demo.ts")).demo(rest);
    case "help":
    case "--help":
    case "-h":
      console.log(usage);
      return 0;
    default:
      console.error(`kehu: there is no command "${command}"\n\n${usage}`);
      return 2;
  }
}

// Whoever reads our output may stop reading (`kehu publish --list | head -1`); the command goes on to its end.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

/** Errors whose message is all a user needs. */
const expectedErrors = ["ConfigError", "UsageError", "CompanyNotEmpty", "DemoStillReferred"];

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // A mistake in the caller's input is one line; anything else keeps its stack, it is ours to mend.
  const isUsage = (error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS");
  const expected = error instanceof Error && (isUsage || expectedErrors.includes(error.name));
  console.error(`kehu: ${expected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exitCode = expected ? 2 : 1;
}
