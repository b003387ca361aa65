import { error, json } from "@sveltejs/kit";
import { noteExport, workbookResponse } from "#lib/server/exports/respond.ts";
import { exportTile, tileBook } from "#lib/server/exports/tile.ts";
import type { RequestHandler } from "./$types";

/**
 * A tile of `/dashboards/<dashboard>` under the page's own filters: as a workbook, or with `?as=picture` what its picture may be drawn from once it
 * leaves the portal. Either is in the audit trail before its first byte leaves.
 */
export const GET: RequestHandler = async (event) => {
  const { dashboard, tile } = event.params;
  const form = event.url.searchParams.get("as") ?? "xlsx";
  if (form !== "xlsx" && form !== "picture") error(400, { message: `as: ${form}; expected xlsx or picture` });
  const exported = await exportTile(event, dashboard, tile);
  const { open, title, view, queries, content } = exported;
  const note = { view, title, query: { dashboard, tile, queries } };
  if (form === "picture") {
    await noteExport(open.api, { ...note, rows: "rows" in content ? content.rows.length : 1, format: "png" });
    return json(content, { headers: { "cache-control": "private, no-store" } });
  }
  const book = await tileBook(exported);
  await noteExport(open.api, { ...note, rows: book.rows, format: "xlsx" });
  return workbookResponse(book.fileName, book.bytes);
};
