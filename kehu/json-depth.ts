/** Whether a JSON text nests lists and objects deeper than `levels`. Counts brackets outside of strings: nothing goes down with the text, whatever it is. */
export function isNestedDeeper(text: string, levels: number): boolean {
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
