import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "pg";
import { position, type Session } from "../stack.ts";
import { openWorkbook, type WorkbookParts } from "../workbook.ts";
import { stockPrefix, type Written } from "./receipts.ts";

/** How an export ended: a whole workbook, an answer that says it can't be had now, or a transfer that broke off. */
type Ending = "whole" | "refused" | "broken off";

/** One workbook a user asked for, followed from the request to its end. */
export interface Export {
  /** First day of the period asked for. Each export has its own, so that its audit entry can be told from the others'. */
  day: string;
  /** Asked: nothing came yet. Answered: a 200 came, and bytes may. */
  phase: "asked" | "answered" | "ended";
  ending: Ending | null;
  /** Where it was when a process was killed. */
  atKill: "asked" | "answered" | null;
  wasAnswered: boolean;
  /** From the request to its end. */
  ms: number;
  workbook: Buffer | null;
}

const dayMs = 86_400_000;
/** Days long before the first receipt: which one a period begins with does not change what is in it. */
const dayOf = (index: number): string => new Date(index * dayMs).toISOString().slice(0, 10);

async function follow(session: Session, running: Export): Promise<void> {
  const path = `/export/records/receipts?from=${running.day}&to=2999-12-31`;
  const parts: Uint8Array[] = [];
  let response: Response;
  try {
    response = await session.fetch(path, { redirect: "manual", headers: { "accept-language": "en" } });
  } catch {
    running.ending = "refused"; // nobody listens, or whoever did is gone before a word
    return;
  }
  if (response.status !== 200) {
    const text = await response.text().catch((error: unknown) => String(error));
    if (response.status < 500) throw new Error(`GET ${path}: ${response.status} ${text.slice(0, 500)}`);
    running.ending = "refused";
    return;
  }
  running.phase = "answered";
  running.wasAnswered = true;
  try {
    for await (const part of response.body ?? []) parts.push(part);
  } catch {
    running.ending = "broken off";
    return;
  }
  running.ending = "whole";
  running.workbook = Buffer.concat(parts);
}

/** Asks for the workbook of all receipts, follows it to its end and adds it to `exports`. Throws when the answer is neither a workbook nor a failure of the server. */
export async function exportReceipts(session: Session, exports: Export[]): Promise<Export> {
  const running: Export = {
    day: dayOf(exports.length),
    phase: "asked",
    ending: null,
    atKill: null,
    wasAnswered: false,
    ms: 0,
    workbook: null,
  };
  exports.push(running);
  const startedAt = performance.now();
  try {
    await follow(session, running);
  } finally {
    running.ms = performance.now() - startedAt;
    running.phase = "ended";
  }
  return running;
}

/** Exports one workbook after the other until told to stop. */
export async function keepExporting(session: Session, exports: Export[], stopped: () => boolean): Promise<void> {
  while (!stopped()) {
    const { ending } = await exportReceipts(session, exports);
    if (ending !== "whole") await pause(50);
  }
}

const numbersIn = (sheet: string): string[] => [...sheet.matchAll(/>([a-z][a-z0-9]*-\d+)<\/t>/g)].map(([, number]) => number ?? "");

/**
 * What is wrong with a workbook that ended well; null when it is the receipts as published at the position it states: all that were committed
 * before it and, of each writer, at most the one that was just being committed.
 */
export function faultOf(file: Buffer, published: { stock: number; written: readonly Written[] }): string | null {
  let parts: WorkbookParts;
  try {
    parts = openWorkbook(file);
  } catch (error) {
    return `is not whole: ${String(error)}`;
  }
  const about = parts.get("xl/worksheets/sheet1.xml") ?? "";
  const sheet = parts.get("xl/worksheets/sheet2.xml") ?? "";
  const lsn = /\b[0-9A-F]+\/[0-9A-F]+\b/.exec(about)?.[0];
  if (!lsn) return "does not say what it is as of";
  const numbers = numbersIn(sheet);
  const rows = sheet.split("<row ").length - 1 - 2; // without titles and totals
  if (numbers.length !== rows) return `${rows} rows with ${numbers.length} receipts`;
  const total = /SUBTOTAL\([^)]*\)<\/f><v>([^<]*)</.exec(sheet)?.[1];
  if (Number(total) !== rows) return `says a total of ${total} under ${rows} rows of 1.00 each`;
  const indexes = new Map<string, Set<number>>();
  for (const number of numbers) {
    const [prefix = "", index] = number.split("-");
    const known = indexes.get(prefix) ?? new Set();
    indexes.set(prefix, known.add(Number(index)));
  }
  const expected = [
    { prefix: stockPrefix, least: published.stock, most: published.stock },
    ...published.written.map(({ prefix, commits }) => {
      const least = commits.filter((commit) => commit <= position(lsn)).length;
      return { prefix, least, most: Math.min(least + 1, commits.length) };
    }),
  ];
  let sum = 0;
  for (const { prefix, least, most } of expected) {
    const found = indexes.get(prefix) ?? new Set();
    sum += found.size;
    if (found.size < least || found.size > most)
      return `as of ${lsn} has ${found.size} receipts of ${prefix}, which had committed ${least} to ${most}`;
    for (let index = 0; index < found.size; index++) if (!found.has(index)) return `lacks ${prefix}-${index}, not later ones`;
  }
  return sum === rows ? null : `${rows} rows with ${sum} different receipts`;
}

interface Entry {
  day: string;
  entries: number;
  whole: number;
  rows: number;
}

/** What is wrong with the audit trail: an export that was answered has exactly one entry, with all that an entry tells; one that was not has at most one. */
export async function auditFault(client: Client, exports: readonly Export[], userId: string): Promise<string | null> {
  const { rows } = await client.query<Entry>(
    `select new_values #>> '{query,timeDimensions,0,dateRange,0}' as day, count(*)::int as entries, max((new_values ->> 'rows')::int) as rows,
            count(*) filter (where actor_id = $1 and entity = 'receipts' and new_values ->> 'view' = 'receipts' and new_values ->> 'format' = 'xlsx'
                               and new_values ->> 'title' <> '' and request_id <> '' and ip <> '')::int as whole
       from audit.entries where action = 'export' group by 1`,
    [userId],
  );
  const entries = new Map(rows.map((row) => [row.day, row]));
  for (const { day, wasAnswered, workbook } of exports) {
    const entry = entries.get(day);
    entries.delete(day);
    if (!entry && wasAnswered) return `the export from ${day} was answered and is not in the audit trail`;
    if (!entry) continue;
    if (entry.entries !== 1 || entry.whole !== 1)
      return `the export from ${day} has ${entry.entries} audit entries, ${entry.whole} of them whole`;
    const held = workbook && numbersIn(openWorkbook(workbook).get("xl/worksheets/sheet2.xml") ?? "").length;
    if (held !== null && held !== entry.rows) return `the export from ${day} has ${held} rows, its audit entry says ${entry.rows}`;
  }
  return entries.size === 0 ? null : `audit entries of exports nobody asked for: ${[...entries.keys()].join(", ")}`;
}

/** How the exports ended that were under way at a kill. */
export interface Cut {
  underWay: number;
  /** Broken off after the answer had begun. */
  inTransfer: number;
  /** Ended before an answer. */
  beforeAnswer: number;
}

export const cutOf = (exports: readonly Export[]): Cut => {
  const underWay = exports.filter(({ atKill }) => atKill !== null);
  return {
    underWay: underWay.length,
    inTransfer: underWay.filter(({ ending }) => ending === "broken off").length,
    beforeAnswer: underWay.filter(({ ending }) => ending === "refused").length,
  };
};
