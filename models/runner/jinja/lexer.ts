import { TemplateError } from "./errors.ts";

export type TokenType =
  "text" | "output-begin" | "output-end" | "block-begin" | "block-end" | "name" | "string" | "integer" | "float" | "operator" | "end";

export interface Token {
  type: TokenType;
  value: string;
  line: number;
}

const opening = /\{\{|\{%|\{#/g;
const rawBlock = /^\{%([-+]?)\s*raw\s*(-?)%\}/;
const rawEnd = /\{%([-+]?)\s*endraw\s*([-+]?)%\}/g;
const name = /[\p{L}_][\p{L}\p{N}_]*/uy;
const number = /0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\d[\d_]*(\.\d[\d_]*)?([eE][+-]?\d+)?/y;
const operator = /\*\*|\/\/|==|!=|<=|>=|[-+*/%~|.,:=<>()[\]{}]/y;
const space = /\s+/y;
const closers: Record<string, string> = { "(": ")", "[": "]", "{": "}" };

/** Splits a template into tokens; whitespace control (`-`) is already applied to the text. */
export function tokenize(source: string, file: string): Token[] {
  // Jinja drops one newline at a template's end.
  const text = source.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  const tokens: Token[] = [];
  let position = 0;
  let line = 1;
  let stripNext = false;

  const fail = (reason: string, at = line): never => {
    throw new TemplateError(reason, { file, line: at, source: text });
  };
  const advance = (to: number): void => {
    for (let index = position; index < to; index++) if (text.charCodeAt(index) === 10) line++;
    position = to;
  };
  const pushText = (until: number, stripEnd: boolean): void => {
    let value = text.slice(position, until);
    if (stripNext) value = value.trimStart();
    if (stripEnd) value = value.trimEnd();
    if (value !== "") tokens.push({ type: "text", value, line });
    stripNext = false;
    advance(until);
  };

  while (position < text.length) {
    opening.lastIndex = position;
    const found = opening.exec(text);
    if (!found) {
      pushText(text.length, false);
      break;
    }
    const begin = found.index;
    pushText(begin, text[begin + 2] === "-");
    if (found[0] === "{#") {
      const end = text.indexOf("#}", begin + 2);
      if (end < 0) fail("this comment is not closed: `#}` is missing");
      stripNext = text[end - 1] === "-";
      advance(end + 2);
      continue;
    }
    const raw = rawBlock.exec(text.slice(begin));
    if (raw) {
      advance(begin + raw[0].length);
      rawEnd.lastIndex = position;
      const end = rawEnd.exec(text);
      if (!end) return fail("this raw block is not closed: `{% endraw %}` is missing");
      stripNext = raw[2] === "-";
      pushText(end.index, end[1] === "-");
      stripNext = end[2] === "-";
      advance(end.index + end[0].length);
      continue;
    }
    const isOutput = found[0] === "{{";
    const beginLine = line;
    tokens.push({ type: isOutput ? "output-begin" : "block-begin", value: found[0], line });
    const control = text[begin + 2] === "-" || text[begin + 2] === "+" ? 1 : 0;
    advance(begin + 2 + control);
    stripNext = tokenizeExpression(isOutput ? "}}" : "%}", isOutput, beginLine);
  }
  tokens.push({ type: "end", value: "", line });
  return tokens;

  /** Reads tokens up to the closing delimiter; true when it was written with `-`. */
  function tokenizeExpression(close: string, isOutput: boolean, beginLine: number): boolean {
    const open: string[] = [];
    while (position < text.length) {
      const blank = match(space);
      if (blank !== undefined) continue;
      if (open.length === 0) {
        const strip = text.startsWith(`-${close}`, position);
        if (strip || text.startsWith(close, position) || text.startsWith(`+${close}`, position)) {
          tokens.push({ type: isOutput ? "output-end" : "block-end", value: close, line });
          advance(position + (text.startsWith(close, position) ? 2 : 3));
          return strip;
        }
      }
      const start = line;
      const character = text[position] ?? "";
      if (character === "'" || character === '"') {
        tokens.push({ type: "string", value: readString(character), line: start });
        continue;
      }
      const word = match(name);
      if (word !== undefined) {
        tokens.push({ type: "name", value: word, line: start });
        continue;
      }
      const digits = match(number);
      if (digits !== undefined) {
        const isFloat = !/^0[xXoObB]/.test(digits) && /[.eE]/.test(digits);
        tokens.push({ type: isFloat ? "float" : "integer", value: digits.replaceAll("_", ""), line: start });
        continue;
      }
      const symbol = match(operator);
      if (symbol === undefined) return fail(`unexpected character ${JSON.stringify(character)}`);
      if (closers[symbol]) open.push(closers[symbol]);
      else if (symbol === ")" || symbol === "]" || symbol === "}") {
        const expected = open.pop();
        if (expected !== symbol) fail(expected ? `expected "${expected}" and found "${symbol}"` : `"${symbol}" closes nothing`);
      }
      tokens.push({ type: "operator", value: symbol, line: start });
    }
    return fail(`this ${isOutput ? "expression" : "statement"} is not closed: \`${close}\` is missing`, beginLine);
  }

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = position;
    const found = pattern.exec(text);
    if (!found) return undefined;
    advance(position + found[0].length);
    return found[0];
  }

  function readString(mark: string): string {
    let value = "";
    for (let index = position + 1; index < text.length; index++) {
      const character = text[index] ?? "";
      if (character === mark) {
        advance(index + 1);
        return value;
      }
      if (character !== "\\") {
        value += character;
        continue;
      }
      index++;
      const escape = text[index] ?? "";
      const wide = { x: 2, u: 4, U: 8 }[escape];
      const hex = wide === undefined ? "" : text.slice(index + 1, index + 1 + wide);
      if (wide !== undefined && hex.length === wide && /^[0-9a-fA-F]+$/.test(hex)) {
        value += String.fromCodePoint(Number.parseInt(hex, 16));
        index += wide;
      } else if (escape !== "\n")
        value += { n: "\n", r: "\r", t: "\t", "0": "\0", "\\": "\\", "'": "'", '"': '"' }[escape] ?? `\\${escape}`;
    }
    return fail("this text is not closed: the quote mark is missing");
  }
}
