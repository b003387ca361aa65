import { Hono } from "hono";
import { openApiDocument } from "../openapi/document.ts";
import { docsPage } from "../openapi/page.ts";
import type { Env } from "./request.ts";

/** `/api/openapi.json` and the page that shows it. Open to everybody: they tell the shape of the API, no data. */
export const documentRoutes = (url: string): Hono<Env> => {
  const app = new Hono<Env>();
  const document = openApiDocument(url);
  const page = docsPage(document);
  app.get("/api/openapi.json", (context) => context.json(document, 200, { "cache-control": "no-cache" }));
  app.get("/api/docs", (context) =>
    context.html(page, 200, { "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'", "cache-control": "no-cache" }),
  );
  return app;
};
