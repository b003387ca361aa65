import { m } from "#lib/paraglide/messages.js";
import type { MirrorProblem } from "#lib/server/health.ts";

interface Words {
  what: string;
  remedy: string;
}

/** By the mirror's name for the reason. `given` is what it says of this one: a name, a statement for the source. */
const texts: Readonly<Record<string, (given: (name: string) => string) => Words>> = {
  foreign_table: () => ({ what: m.mirror_foreign_table(), remedy: m.mirror_foreign_table_remedy() }),
  unlogged: (given) => ({ what: m.mirror_unlogged(), remedy: m.mirror_unlogged_remedy({ sql: given("sql") }) }),
  not_published: (given) => ({
    what: m.mirror_not_published({ publication: given("publication") }),
    remedy: m.mirror_not_published_remedy({ sql: given("sql") }),
  }),
  not_published_without_key: (given) => ({
    what: m.mirror_not_published_without_key(),
    remedy: m.mirror_not_published_without_key_remedy({ publish: given("publish"), sql: given("sql") }),
  }),
  row_filter: (given) => ({ what: m.mirror_row_filter(), remedy: m.mirror_row_filter_remedy({ sql: given("sql") }) }),
  no_columns: () => ({ what: m.mirror_no_columns(), remedy: m.mirror_no_columns_remedy() }),
  columns_alike: (given) => ({
    what: m.mirror_columns_alike({ name: given("name"), other: given("other") }),
    remedy: m.mirror_columns_alike_remedy({ sql: given("sql") }),
  }),
  tables_alike: (given) => ({
    what: m.mirror_tables_alike({ other: given("other") }),
    remedy: m.mirror_tables_alike_remedy({ sql: given("sql") }),
  }),
  reserved_name: (given) => ({
    what: m.mirror_reserved_name({ name: given("name") }),
    remedy: m.mirror_reserved_name_remedy({ sql: given("sql") }),
  }),
  column_not_published: () => ({ what: m.mirror_column_not_published(), remedy: m.mirror_column_not_published_remedy() }),
  virtual_column: (given) => ({ what: m.mirror_virtual_column(), remedy: m.mirror_virtual_column_remedy({ sql: given("sql") }) }),
  generated_column: (given) => ({ what: m.mirror_generated_column(), remedy: m.mirror_generated_column_remedy({ sql: given("sql") }) }),
  no_identity: (given) => ({ what: m.mirror_no_identity(), remedy: m.mirror_no_identity_remedy({ sql: given("sql") }) }),
  not_a_number: (given) => ({
    what: m.mirror_not_a_number({ count: given("count"), type: given("type") }),
    remedy: m.mirror_not_a_number_remedy(),
  }),
  failed: (given) => ({ what: m.mirror_failed({ detail: given("detail") }), remedy: m.mirror_failed_remedy() }),
  waiting_for_transactions: () => ({ what: m.mirror_waiting_for_transactions(), remedy: m.mirror_waiting_for_transactions_remedy() }),
  waiting_for_lock: () => ({ what: m.mirror_waiting_for_lock(), remedy: m.mirror_waiting_for_lock_remedy() }),
  slot_lost: (given) => ({ what: m.mirror_slot_lost({ slot: given("slot") }), remedy: m.mirror_slot_lost_remedy() }),
  slot_behind: (given) => ({
    what: m.mirror_slot_behind({ mebibytes: given("mebibytes"), slot: given("slot") }),
    remedy: m.mirror_slot_behind_remedy(),
  }),
  disconnected: (given) => ({ what: m.mirror_disconnected({ detail: given("detail") }), remedy: m.mirror_disconnected_remedy() }),
};

/** What is wrong and what to do, in the reader's language; a reason that this portal does not know is shown as the mirror says it. */
export function problemWords({ reason, params, what, remedy }: MirrorProblem): Words {
  return texts[reason]?.((name) => params[name] ?? "") ?? { what, remedy };
}
