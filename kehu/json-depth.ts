import { Problem } from "@kehu/operational-api";

/** Deeper than anything that somebody wrote; what reads a body goes down with it. */
const deepest = 100;

/** Throws Problem 400 for a JSON text (`what`: "the query") that is nested so deeply that reading it could exhaust the stack. */
export function refuseDepth(what: string, text: string): void {
  if (isNestedDeeper(text, deepest)) throw new Problem(400, `${what} is nested deeper than ${deepest} levels; write it flatter`);
}

/** Whether a JSON text nests lists and objects deeper than `levels`. Counts brackets outside of strings: nothing goes down with the text, whatever it is. */
function isNestedDeeper(text: string, levels: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (isInString) {
      if (letter === "\\") at += 1;
      else if (letter === '"') isInString = false;
    } else if (letter === '"') isInString = true;
    else if (letter === "[" || letter === "{") {
      depth += 1;
      if (depth > levels) return true;
    } else if (letter === "]" || letter === "}") depth -= 1;
  }
  return false;
}
