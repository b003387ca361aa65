/** An answer other than 200, sent the way Cube sends it: `{"error": message}`. */
export class QueryError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 503;
  constructor(status: QueryError["status"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "QueryError";
    this.status = status;
  }
}
