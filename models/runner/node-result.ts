import type { BatchResults } from "./microbatch.ts";
import type { Node } from "./resources.ts";

export type Status = "success" | "error" | "skipped" | "pass" | "fail" | "warn";

export interface NodeResult {
  uniqueId: string;
  name: string;
  resourceType: Node["resourceType"];
  status: Status;
  message: string | null;
  /** Failing rows of a test. */
  failures: number | null;
  /** Seconds. */
  executionTime: number;
  startedAt: Date;
  completedAt: Date;
  /** Of a model that is built batch by batch, when some were built. */
  batches?: BatchResults;
  compiledCode: string | null;
  relationName: string | null;
  threadId: string;
}

export interface Progress {
  index: number;
  total: number;
  result: NodeResult;
  /** `3 of 12 OK created sql table model marts.dim_date [0.02s]` */
  line: string;
}

const words: Record<Status, string> = {
  success: "OK created",
  error: "ERROR creating",
  skipped: "SKIP",
  pass: "PASS",
  fail: "FAIL",
  warn: "WARN",
};

/** `3 of 12 OK created sql table model marts.dim_date [0.02s]` */
export function progressLine(index: number, total: number, result: NodeResult, description: string): string {
  const isTest = result.resourceType === "test" || result.resourceType === "unit_test";
  const word = isTest && result.status === "error" ? "ERROR" : words[result.status];
  const count = isTest && result.failures ? ` ${result.failures}` : "";
  return `${index} of ${total} ${word}${count} ${description} [${result.executionTime.toFixed(2)}s]`;
}
