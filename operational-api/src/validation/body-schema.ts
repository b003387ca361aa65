import { z } from "zod";
import { type Fault, invalid } from "../problem.ts";
import { valueSchema } from "./column-schema.ts";
import { nearestName } from "./nearest-name.ts";

const label = { zh: "", en: "" };

export const instantField = valueSchema({ type: "instant", label }) as z.ZodType<string>;
export const idField = valueSchema({ type: "uuid", label }) as z.ZodType<string>;
export const textField = (maxLength: number) => valueSchema({ type: "text", label, maxLength }) as z.ZodType<string>;

/** Checks a body that is no entity's record (a verb's, an export's). Throws Problem 422 with every fault. */
export const parseBody = <Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>, body: unknown): z.infer<z.ZodObject<Shape>> => {
  const parsed = schema.safeParse(body, { reportInput: true });
  if (parsed.success) return parsed.data;
  const known = Object.keys(schema.shape);
  const faults = parsed.error.issues.flatMap((issue): Fault[] => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => {
        const nearest = nearestName(key, known);
        return {
          field: key,
          reason: nearest ? `unknown field; did you mean "${nearest}"?` : `unknown field; there are ${known.join(", ")}`,
        };
      });
    }
    const missing = issue.code === "invalid_type" && issue.input === undefined && issue.path.length > 0;
    return [{ field: issue.path.map(String).join("."), reason: missing ? `is required; ${issue.message}` : issue.message }];
  });
  throw invalid(faults);
};
