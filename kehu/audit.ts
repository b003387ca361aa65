import { parseArgs } from "node:util";
import { verifyAudit, type Seal } from "@kehu/operational-api";
import { ConfigError } from "@kehu/operational-api/definitions";
import { withCompanyDatabase } from "./company-database.ts";
import { readSettings } from "./settings.ts";

function sealFrom(text: string | undefined): Seal | undefined {
  if (text === undefined) return undefined;
  const [, id, digest] = /^(\d{1,9}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (!id || !digest) throw new ConfigError(`--expect is ${text}; allowed: SEAL:DIGEST as an earlier kehu audit verify printed it`);
  return { id: Number(id), digest };
}

/** `kehu audit verify`: proves the audit trail against its seals; 1 and the first entry that does not fit when something was changed. */
export async function audit(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, options: { expect: { type: "string" } }, allowPositionals: true });
  if (positionals.length !== 1 || positionals[0] !== "verify") throw new ConfigError("kehu audit takes: verify [--expect SEAL:DIGEST]");
  const expected = sealFrom(values.expect);
  const proof = await withCompanyDatabase(readSettings(process.env), (databaseUrl) => verifyAudit(databaseUrl, expected));
  const { fault, last } = proof;
  if (fault) {
    const place = [fault.seal === null ? null : `seal ${fault.seal}`, fault.entryId && `entry ${fault.entryId}`];
    console.log(`DIFFER ${place.filter(Boolean).join(", ")}: ${fault.what}`);
  } else {
    console.log(
      `ok     ${proof.entries} entries under ${proof.seals} seals, ${proof.unsealed} not sealed yet, ${proof.erased} with erased values`,
    );
  }
  if (last) console.log(`last seal ${last.id}:${last.digest} (keep it elsewhere; --expect proves later that nothing before it is missing)`);
  return fault ? 1 : 0;
}
