import { pino, stdSerializers, type DestinationStream, type Logger } from "pino";

export type { Logger };

/** Field names that hold a secret or personal data, wherever they stand in a logged object (two levels deep). */
const hidden = [
  "password",
  "secret",
  "token",
  "authorization",
  "cookie",
  "set-cookie",
  "x-api-key",
  "x-kehu-internal",
  "key",
  "url",
  "email",
  "mobile",
  "phone",
  "name",
];

/** Of an error, what helps and holds no row: Postgres's `detail` and `where` quote values. */
const describeError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return stdSerializers.err(error as Error);
  const { name, message, stack, cause } = error;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return { type: name, message, ...(code && { code }), stack, ...(cause !== undefined && { cause: describeError(cause) }) };
};

/**
 * JSON lines with the service's name, on standard error by default: standard output is for what a command prints.
 * Secrets and personal data given under their usual names come out as `[hidden]`.
 */
export const createLogger = (options: { service: string; level?: string; destination?: DestinationStream }): Logger =>
  pino(
    {
      level: options.level ?? "info",
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: hidden.flatMap((field) => [`["${field}"]`, `*["${field}"]`, `*.*["${field}"]`]), censor: "[hidden]" },
      serializers: { err: describeError, error: describeError },
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
