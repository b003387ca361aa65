const longestText = 32_767; // characters Excel takes in one cell
const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
// XML 1.0 has no place for control characters other than tab and line ends, nor for two non-characters and lone surrogates.
const forbidden = /[^\P{Cc}\t\n\r]|[\ufffe\uffff]|\p{Cs}/gu;

export const escapeXml = (text: string): string =>
  text.replace(forbidden, "").replace(/[&<>"]/g, (character) => escapes[character] ?? character);

/** A cell of text at an address ("B7"; some readers can't do without). It is typed as text, so a value that begins with "=" is shown and never calculated. */
export function textCell(at: string, text: string, look: number): string {
  const cut = text.length > longestText ? `${text.slice(0, longestText - 1)}…` : text;
  return `<c r="${at}" t="inlineStr" s="${look}"><is><t xml:space="preserve">${escapeXml(cut)}</t></is></c>`;
}

/** 0 -> "A", 26 -> "AA" */
export function columnLetters(index: number): string {
  let letters = "";
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  return letters;
}
