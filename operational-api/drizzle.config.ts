import { defineConfig } from "drizzle-kit";

/** Run in this folder: `npx drizzle-kit generate --name what_changed` after changing an entity. */
export default defineConfig({
  dialect: "postgresql",
  schema: "./src/schema/index.ts",
  out: "./migrations",
  schemaFilter: ["crm", "audit", "portal"],
});
