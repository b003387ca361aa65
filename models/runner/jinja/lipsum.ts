import { CallArguments } from "./arguments.ts";
import { escapeHtml } from "./escape.ts";
import { Markup } from "./markup.ts";
import { truthy, type Kwargs, type Value } from "./values.ts";

const words =
  "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea commodo consequat".split(
    " ",
  );

const upTo = (limit: number): number => Math.floor(Math.random() * limit);

/** Sentences of eight to twelve words, with a comma here and there. */
function paragraph(length: number): string {
  let text = "";
  let left = 0;
  for (let index = 0; index < length; index++) {
    const word = words[upTo(words.length)] ?? "";
    const begins = left === 0;
    if (begins) left = 8 + upTo(5);
    left--;
    const ends = left === 0 || index === length - 1;
    text += `${index === 0 ? "" : " "}${begins ? word.charAt(0).toUpperCase() + word.slice(1) : word}${ends ? "." : upTo(6) === 0 ? "," : ""}`;
  }
  return text;
}

/** `lipsum(n=5, html=true, min=20, max=100)`: paragraphs to try a layout with; other ones at each call. */
export function lipsum(args: Value[], kwargs: Kwargs): Value {
  const call = new CallArguments("lipsum", args, kwargs);
  const [least, most] = [call.integer(2, "min", 20), call.integer(3, "max", 100)];
  const paragraphs = Array.from({ length: call.integer(0, "n", 5) }, () => paragraph(least + upTo(Math.max(1, most - least))));
  if (!truthy(call.value(1, "html", true))) return paragraphs.join("\n\n");
  return new Markup(paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`).join("\n"));
}
