import { Pool } from "pg";
import { createLogger, type Logger } from "./log.ts";
import { appRole } from "./schema/rights.ts";

const connections = 16;
const slowestStatementMs = 60_000;

/**
 * A connection that breaks while somebody holds it, between two statements, emits an error; one that nobody hears ends the process.
 * Its holder learns of it by the next statement, and the pool's own listener is only for idle connections.
 */
export const surviveBrokenConnections = (pool: Pool): void => {
  pool.on("connect", (client) => client.on("error", () => {}));
};

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
  surviveBrokenConnections(pool);
  return pool;
};
