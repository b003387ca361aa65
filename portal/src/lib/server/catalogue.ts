import type { ColumnInput, Model } from "#lib/catalogue/model.ts";
import { readJson, type Api } from "#lib/server/api.ts";

/** Every model the caller may know of. */
export async function readModels(api: Api): Promise<Model[]> {
  const { nodes } = await readJson<{ nodes: Model[] }>(await api("/cubejs-api/v1/catalogue"));
  return nodes;
}

/** The columns of marts that a measure or dimension is made of; throws ApiError when the caller may not ask for it. */
export const readMemberInputs = async (api: Api, member: string): Promise<{ inputs: ColumnInput[]; hiddenInputs: number }> =>
  readJson(await api(`/cubejs-api/v1/lineage?member=${encodeURIComponent(member)}`));
