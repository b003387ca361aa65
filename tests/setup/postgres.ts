import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "../../operational-api/src/postgres/index.ts";

/** One real Postgres for all tests of a run; each test file makes its own database in it (createTestDatabase). */
export default async function setup(): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "kehu-test-postgres-"));
  const postgres = await startPostgres({ dataDir });
  process.env.KEHU_TEST_POSTGRES_URL = postgres.url;
  return async () => {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
