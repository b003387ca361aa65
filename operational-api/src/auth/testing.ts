import { Client } from "pg";
import { createLogger } from "../log.ts";
import { createTestDatabase } from "../postgres/testing.ts";
import { migrate } from "../schema/migrate.ts";
import { createUser } from "./accounts.ts";
import type { AuthConfig } from "./better-auth.ts";
import { createAuth, type Auth } from "./create-auth.ts";
import { migrateAuth } from "./migrate.ts";
import type { Role } from "./scope.ts";
import { installScopeTriggers } from "./tables.ts";

export const testAuthConfig = { url: "http://localhost:3000", locale: "zh-CN", secret: "a secret that only tests know, 32 bytes" } as const;
export const testInternalSecret = "internal";
export const testPassword = "correct horse battery";

/**
 * A small company: head office > sales > (north, south), finance beside sales.
 * boss leads sales; nora leads north with ned and nick; sara leads south; fred is in finance; lars was in north and has left.
 */
export interface TestCompany {
  departments: Record<"head" | "sales" | "north" | "south" | "finance", string>;
  employees: Record<"boss" | "nora" | "ned" | "nick" | "sara" | "fred" | "lars", string>;
}

export interface TestAuth {
  auth: Auth;
  url: string;
  /** The owner's connection, for what the product has no call for. */
  client: Client;
  company: TestCompany;
  /** A user who may sign in with `testPassword`; gives the user id. */
  user(email: string, roles: Role[], employeeId?: string | null): Promise<string>;
  close(): Promise<void>;
}

/** `more`: settings beside `testAuthConfig`, such as a mail server. */
export async function createTestAuth(more: Partial<AuthConfig> = {}): Promise<TestAuth> {
  const database = await createTestDatabase();
  await migrate(database.url);
  await migrateAuth(database.url, testAuthConfig);
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await installScopeTriggers(client);
  const company = await makeCompany(client);
  const auth = createAuth({
    url: database.url,
    config: { ...testAuthConfig, ...more },
    internalSecret: testInternalSecret,
    logger: createLogger({ service: "test", level: "silent" }),
  });
  return {
    auth,
    url: database.url,
    client,
    company,
    user: (email, roles, employeeId = null) => createUser(auth, { email, name: email, password: testPassword, roles, employeeId }),
    close: async () => {
      await auth.close();
      await client.end();
      await database.drop();
    },
  };
}

async function makeCompany(client: Client): Promise<TestCompany> {
  const insert = async (sql: string, values: unknown[]): Promise<string> =>
    (await client.query<{ id: string }>(`${sql} returning id`, values)).rows[0]?.id ?? "";
  const department = (name: string, parent: string | null): Promise<string> =>
    insert("insert into crm.departments (name, parent_id) values ($1, $2)", [name, parent]);
  const head = await department("head", null);
  const sales = await department("sales", head);
  const departments = {
    head,
    sales,
    north: await department("north", sales),
    south: await department("south", sales),
    finance: await department("finance", head),
  };
  const employee = (name: string, place: string, manager: string | null, status = "active"): Promise<string> =>
    insert("insert into crm.employees (name, department_id, manager_id, status) values ($1, $2, $3, $4)", [name, place, manager, status]);
  const boss = await employee("boss", departments.sales, null);
  const nora = await employee("nora", departments.north, boss);
  const employees = {
    boss,
    nora,
    ned: await employee("ned", departments.north, nora),
    nick: await employee("nick", departments.north, nora),
    sara: await employee("sara", departments.south, boss),
    fred: await employee("fred", departments.finance, null),
    lars: await employee("lars", departments.north, nora, "left"),
  };
  return { departments, employees };
}
