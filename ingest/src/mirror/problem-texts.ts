import type { ProblemCode } from "./problems.ts";

interface ProblemText {
  /** The kind it belongs to. */
  code: ProblemCode;
  /** English, with the parameters in braces. */
  what: string;
  remedy: string;
}

/**
 * Every reason why something is not mirrored, with what can be done: `{sql}` is a statement for the source, `{detail}` what Postgres or DuckDB said. Whoever
 * shows them in another language has a text of its own for each reason and puts the same parameters in.
 */
export const problemTexts = {
  foreign_table: {
    code: "foreign_table",
    what: "a foreign table: its rows are not in this database",
    remedy: "mirror the database that holds its rows",
  },
  unlogged: { code: "unlogged", what: "an unlogged table: its changes are not in the log", remedy: "{sql}" },
  not_published: { code: "not_published", what: 'the publication "{publication}" does not have it', remedy: "{sql}" },
  not_published_without_key: {
    code: "not_published",
    what: "no primary key: published, its updates would be refused by Postgres",
    remedy: "{sql}; it is then published by itself or by: {publish}",
  },
  row_filter: { code: "row_filter", what: "the publication has only some of its rows", remedy: "{sql}" },
  no_columns: { code: "no_columns", what: "a table without columns that are published", remedy: "give it a column" },
  columns_alike: { code: "name_taken", what: 'its columns "{other}" and "{name}" have one name in DuckDB', remedy: "{sql}" },
  tables_alike: { code: "name_taken", what: 'its name and that of "{other}" are one in DuckDB', remedy: "{sql}" },
  reserved_name: { code: "reserved_name", what: 'its column "{name}" is called like one of the change log', remedy: "{sql}" },
  column_not_published: {
    code: "not_published",
    what: "the publication does not have this column",
    remedy: "publish the table without a column list",
  },
  virtual_column: {
    code: "generated_column",
    what: "a virtual generated column is in no log",
    remedy: "compute it in a model; from Postgres 18 on a stored one comes with: {sql}",
  },
  generated_column: {
    code: "generated_column",
    what: "the publication has no generated columns",
    remedy: "compute it in a model; from Postgres 18 on a stored one comes with: {sql}",
  },
  no_identity: {
    code: "no_identity",
    what: "no primary key: as it is published, Postgres refuses its updates and deletes",
    remedy: "{sql}",
  },
  not_a_number: {
    code: "not_a_number",
    what: "{count} values are NaN, which a {type} can't hold: the mirror has null there",
    remedy: "correct the values in the source, or give the column the type numeric without a precision, which is mirrored as text",
  },
  failed: {
    code: "failed",
    what: "{detail}",
    remedy: "its rows are those of an earlier time; it is read again by itself, also after the cause is removed",
  },
  waiting_for_transactions: {
    code: "waiting",
    what: "transactions in the source are open for long, and a copy can only begin after them",
    remedy: "it is read as soon as they have ended; see pg_stat_activity for those open long",
  },
  waiting_for_lock: {
    code: "waiting",
    what: "a transaction in the source holds a lock on it",
    remedy: "it is read as soon as that has ended; see pg_stat_activity for those open long",
  },
  slot_lost: {
    code: "slot",
    what: 'the server has dropped log that the slot "{slot}" needs',
    remedy: "everything is copied again by itself",
  },
  slot_behind: {
    code: "slot",
    what: 'the slot "{slot}" makes the server keep {mebibytes} MiB of log',
    remedy: "see whether a transaction in the source stays open (pg_stat_activity), or raise max_slot_wal_keep_size",
  },
  disconnected: { code: "disconnected", what: "{detail}", remedy: "it connects again by itself as soon as the cause is removed" },
} as const satisfies Record<string, ProblemText>;
