/** Where a template is wrong: `models/a.sql:12`, with the lines around, and the macros it went through. */
export class TemplateError extends Error {
  override name = "TemplateError";
  readonly file: string;
  readonly line: number;
  readonly reason: string;
  /** The calls that led here, innermost first: `models/a.sql:3`. */
  readonly calledFrom: readonly string[];
  readonly source: string;

  constructor(reason: string, place: { file: string; line: number; source: string }, calledFrom: readonly string[] = [], cause?: unknown) {
    const trail = calledFrom.map((caller) => `\n  called from ${caller}`).join("");
    super(`${reason}\n  at ${place.file}:${place.line}\n${excerpt(place.source, place.line)}${trail}`, { cause });
    this.reason = reason;
    this.file = place.file;
    this.line = place.line;
    this.source = place.source;
    this.calledFrom = calledFrom;
  }

  /** The same error seen one call further out. */
  through(caller: string): TemplateError {
    return new TemplateError(this.reason, this, [...this.calledFrom, caller], this.cause);
  }
}

/** The line with two lines before and after, numbered, the guilty one marked. */
export function excerpt(source: string, line: number): string {
  const lines = source.split("\n");
  const first = Math.max(1, line - 2);
  const last = Math.min(lines.length, line + 2);
  const width = String(last).length;
  const shown: string[] = [];
  for (let number = first; number <= last; number++) {
    shown.push(`  ${number === line ? ">" : " "} ${String(number).padStart(width)} | ${lines[number - 1] ?? ""}`);
  }
  return shown.join("\n");
}
