import { Pool } from "pg";
import { createLogger, type Logger } from "./log.ts";
import { appRole } from "./schema/rights.ts";

const connections = 16;
const slowestStatementMs = 60_000;

/**
 * Connections for requests: signed in as the owner (whose `url` it is), acting as `kehu_app`,
 * which may not delete CRM rows nor touch what is in the audit trail.
 */
export const createPool = (url: string, logger: Logger = createLogger({ service: "api" })): Pool => {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    application_name: "kehu api",
    options: `-c role=${appRole} -c timezone=UTC -c statement_timeout=${slowestStatementMs} -c idle_in_transaction_session_timeout=${slowestStatementMs}`,
  });
  pool.on("error", (error) => logger.warn({ err: error }, "an idle database connection broke"));
  return pool;
};
