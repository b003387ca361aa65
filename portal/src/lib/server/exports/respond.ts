import { contentDisposition } from "#lib/server/content-disposition.ts";
import { readJson, type Api } from "#lib/server/api.ts";

/** What leaves the house, as the audit trail keeps it. */
export interface ExportNote {
  view: string;
  title: string;
  rows: number;
  format: "xlsx" | "png";
  query: object;
}

/** Writes an export into the audit trail; throws ApiError when it can't, and then nothing may leave. */
export const noteExport = async (api: Api, note: ExportNote): Promise<void> => {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(note) };
  await readJson(await api("/api/v1/exports", init));
};

/** A response body that makes each piece when the reader has taken the one before. */
const streamOf = (bytes: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream({
    async pull(controller) {
      const { done, value } = await bytes.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await bytes.return(undefined);
    },
  });

/** A workbook as a download. */
export const workbookResponse = (fileName: string, bytes: AsyncGenerator<Uint8Array>): Response =>
  new Response(streamOf(bytes), {
    headers: {
      "content-type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      "content-disposition": contentDisposition(fileName),
      "cache-control": "private, no-store",
    },
  });
