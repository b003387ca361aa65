import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "../../operational-api/src/postgres/index.ts";
import { enterTemporaryFolder } from "../temporary-folder.ts";

/**
 * One real Postgres for all tests of a run; each test file makes its own database in it (createTestDatabase). It lies, as all temporary files of the run do,
 * in a folder that goes with the run.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const leave = await enterTemporaryFolder("test");
  const postgres = await startPostgres({ dataDir: join(tmpdir(), "postgres") });
  process.env.KEHU_TEST_POSTGRES_URL = postgres.url;
  return async () => {
    await postgres.stop();
    await leave();
  };
}
