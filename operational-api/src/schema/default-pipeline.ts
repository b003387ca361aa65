import { Client } from "pg";
import { defaultPipeline } from "../demo/opportunities.ts";

/**
 * Gives a company without any pipeline the default one, so that its first opportunity has a stage to be in.
 * For after the demo company, which brings its own; changes nothing where there is, or ever was, a stage.
 */
export const ensureDefaultPipeline = async (url: string): Promise<void> => {
  const client = new Client({ connectionString: url, application_name: "kehu migrate" });
  await client.connect();
  try {
    await client.query(
      `insert into crm.pipeline_stages (pipeline, code, name, name_en, position, probability, outcome)
       select given.pipeline, given.code, given.name, given.name_en, given.position, given.probability, given.outcome
       from json_populate_recordset(null::crm.pipeline_stages, $1::json) as given
       where not exists (select from crm.pipeline_stages)`,
      [JSON.stringify(defaultPipeline)],
    );
  } finally {
    await client.end();
  }
};
