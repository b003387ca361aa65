import type { CallArguments } from "./arguments.ts";
import { escapeHtml } from "./escape.ts";
import type { Filter } from "./filters.ts";
import { urlize } from "./urlize.ts";
import { Dict, asNumber, iterate, toText, truthy, PyError, type Value } from "./values.ts";

/** Sizes of files for people: `1.5 MB`, or `1.5 MiB` by powers of 1024. */
function fileSize(value: Value, call: CallArguments): string {
  const bytes = asNumber(value) ?? Number(toText(value));
  const isBinary = truthy(call.value(0, "binary", false));
  const base = isBinary ? 1024 : 1000;
  if (bytes === 1) return "1 Byte";
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const prefixes = isBinary ? ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"] : ["k", "M", "G", "T", "P", "E", "Z", "Y"];
  const step = Math.min(prefixes.length, Math.floor(Math.log(bytes) / Math.log(base)));
  return `${(bytes / base ** step).toFixed(1)} ${prefixes[step - 1]}B`;
}

/** Jinja's own title case: a word begins after whitespace, a hyphen or an opening bracket, so that "it's" keeps its s small. */
const titleCase = (text: string): string =>
  text.replace(/[^-\s({[<]+/g, (word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase());

const quoteUrl = (text: string, slash: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%2F", slash);

/** A text with its slashes kept, or the pairs of a query. */
function urlEncode(value: Value): string {
  const pairs = value instanceof Dict ? value.entries() : Array.isArray(value) ? value.map((pair) => iterate(pair)) : null;
  if (!pairs) return quoteUrl(toText(value), "/");
  const part = (item: Value): string => quoteUrl(toText(item), "%2F").replaceAll("%20", "+");
  return pairs.map(([key = null, item = null]) => `${part(key)}=${part(item)}`).join("&");
}

function wordWrap(value: Value, call: CallArguments): string {
  const width = call.integer(0, "width", 79);
  const breaksLongWords = truthy(call.value(1, "break_long_words", true));
  const between = call.value(2, "wrapstring", null);
  const breaksOnHyphens = truthy(call.value(3, "break_on_hyphens", true));
  const newline = between === null ? "\n" : toText(between);
  const wrapLine = (line: string): string => {
    const lines: string[] = [];
    let current = "";
    const flush = (): void => {
      if (current.trimEnd() !== "") lines.push(current.trimEnd());
      current = "";
    };
    for (const word of line.match(breaksOnHyphens ? /\s+|[^\s-]*\w-+(?=\w)|[^\s]+?(?=\s|$|\w-\w)|[^\s]+/g : /\s+|\S+/g) ?? []) {
      let rest = word;
      if (current.length + rest.length > width && rest.length <= width) flush();
      const isTooLong = (): boolean => breaksLongWords && rest.trim() !== "" && current.length + rest.length > width;
      while (isTooLong()) {
        const room = width - current.length;
        if (room <= 0) flush();
        else {
          current += rest.slice(0, room);
          rest = rest.slice(room);
          flush();
        }
      }
      if (current !== "" || rest.trim() !== "") current += rest;
    }
    flush();
    return lines.join(newline);
  };
  return toText(value)
    .split(/\r\n|\r|\n/)
    .map(wrapLine)
    .join(newline);
}

/** A dict as the attributes of an HTML tag; what is none or undefined is left out. */
function attributes(value: Value, call: CallArguments): string {
  if (!(value instanceof Dict)) throw new PyError("xmlattr needs a dict");
  const pairs = value.entries().filter(([, item]) => item !== null && toText(item) !== "");
  const text = pairs.map(([key, item]) => `${toText(key)}="${escapeHtml(toText(item))}"`).join(" ");
  return text !== "" && truthy(call.value(0, "autospace", true)) ? ` ${text}` : text;
}

/** Tags and comments taken away, whitespace folded into single blanks. */
const stripTags = (text: string): string =>
  text
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<[^>]*>/g, "")
    .split(/\s+/)
    .filter(Boolean)
    .join(" ");

/** Filters that make texts for people and pages. */
export const textFilters: Record<string, Filter> = {
  filesizeformat: fileSize,
  striptags: (value) => stripTags(toText(value)),
  title: (value) => titleCase(toText(value)),
  urlencode: urlEncode,
  urlize,
  wordcount: (value) => toText(value).match(/\w+/gu)?.length ?? 0,
  wordwrap: wordWrap,
  xmlattr: attributes,
};
