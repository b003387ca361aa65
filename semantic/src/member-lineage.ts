/** Which columns of which marts a measure or dimension is made of, read from the SQL that is planned for it. */
import { DuckDBInstance } from "@duckdb/node-api";
import { readQueryOrigins } from "@kehu/models";
import type { ColumnInput, QueryOrigins } from "@kehu/models";
import { QueryError } from "./errors.ts";
import { nearest } from "./nearest.ts";
import type { Planner } from "./plan.ts";

export interface MemberLineage {
  /** `node` is the mart's name in lower case. Throws 400 for a name the model does not have. */
  inputsOf: (member: string) => Promise<ColumnInput[]>;
  close: () => void;
}

export const createMemberLineage = (planner: Planner, timezone: string): MemberLineage => {
  let opened: Promise<{ origins: QueryOrigins; close: () => void }> | undefined;
  const known = new Map<string, Promise<ColumnInput[]>>();

  const open = async (): Promise<{ origins: QueryOrigins; close: () => void }> => {
    const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
    const connection = await instance.connect();
    const close = (): void => {
      connection.closeSync();
      instance.closeSync();
    };
    return { origins: await readQueryOrigins(connection), close };
  };

  const read = async (member: string): Promise<ColumnInput[]> => {
    const kind = planner.model.members.get(member)?.kind;
    if (kind !== "measure" && kind !== "dimension") {
      const close = nearest(member, [...planner.model.members.keys()]).map((name) => `'${name}'`);
      throw new QueryError(400, `'${member}' is no measure or dimension. Did you mean ${close.join(", ")}?`);
    }
    const query = { dimensions: [], timeDimensions: [], filters: [], timezone, [`${kind}s`]: [member] };
    const { sql, members } = planner.plan(query);
    opened ??= open();
    const columns = await (await opened).origins.read(sql);
    const alias = Object.keys(members).find((name) => members[name] === member);
    return columns.get(alias ?? "") ?? [];
  };

  return {
    inputsOf: (member) => {
      const reading = known.get(member) ?? read(member);
      known.set(member, reading);
      // A refusal is not kept: names of what does not exist have no end.
      reading.catch(() => known.delete(member));
      return reading;
    },
    close: () => void opened?.then(({ close }) => close()),
  };
};
