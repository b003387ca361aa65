export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
/** A JSON schema as the OpenAPI document holds it. */
export type Schema = { [name: string]: Json };

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  schema: Schema;
}

/** One operation of the document, as a caller reads it. */
export interface Operation {
  id: string;
  /** Upper case. */
  method: string;
  /** With its `{names}`. */
  path: string;
  /** Nobody has to be signed in. */
  isPublic: boolean;
  parameters: Parameter[];
  /** Null for an operation that takes no body. */
  body: { schema: Schema; required: boolean; example: Json | undefined } | null;
  /** By status: the schema of each content type; none for an answer without a body. */
  answers: Map<number, Map<string, Schema>>;
}

export interface OpenApi {
  document: Schema;
  operations: Operation[];
}

interface RawOperation {
  operationId: string;
  security?: unknown[];
  parameters?: { name: string; in: Parameter["in"]; required?: boolean; schema: Schema }[];
  requestBody?: { required?: boolean; content: Record<string, { schema: Schema; example?: Json }> };
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

const operationOf = (path: string, method: string, raw: RawOperation): Operation => {
  const content = raw.requestBody?.content["application/json"];
  return {
    id: raw.operationId,
    method: method.toUpperCase(),
    path,
    isPublic: raw.security?.length === 0,
    parameters: (raw.parameters ?? []).map(({ name, in: place, required, schema }) => ({
      name,
      in: place,
      required: required === true,
      schema,
    })),
    body: content ? { schema: content.schema, required: raw.requestBody?.required === true, example: content.example } : null,
    answers: new Map(
      Object.entries(raw.responses).map(([status, { content: answered }]) => [
        Number(status),
        new Map(Object.entries(answered ?? {}).map(([type, { schema }]) => [type, schema])),
      ]),
    ),
  };
};

/** Every operation of an OpenAPI 3.1 document, in its order. */
export const readDocument = (document: Schema): OpenApi => {
  const paths = document["paths"] as unknown as Record<string, Record<string, RawOperation>>;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => operationOf(path, method, raw)),
  );
  return { document, operations };
};
