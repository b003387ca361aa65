/** The editor itself, loaded when the page is there. */
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
  type Completion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { PostgreSQL, sql, SQLDialect } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { SqlSchema } from "./sql-api.ts";

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
  { tag: tags.special(tags.name), color: "var(--accent)" },
  { tag: tags.comment, color: "var(--ink-3)" },
]);

/** Parameters stand out as such ($since, $1), which costs the colour of dollar quotes. */
const dialect = SQLDialect.define({ ...PostgreSQL.spec, doubleDollarQuotedStrings: false, specialVar: "$" });

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: "14px" },
  ".cm-content": { caretColor: "var(--ink)", fontFamily: "ui-monospace, Menlo, Consolas, monospace" },
  // The numbers' ground goes down as far as the text's.
  ".cm-content, .cm-gutter": { minHeight: "160px" },
  ".cm-scroller": { maxHeight: "45dvh", overflow: "auto" },
  ".cm-gutters": { color: "var(--ink-3)", backgroundColor: "var(--canvas)", border: "none" },
  "&.cm-focused": { outline: "none" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--mark-soft) !important" },
  ".cm-tooltip": { color: "var(--ink)", backgroundColor: "var(--raised)", border: "1px solid var(--line-strong)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { color: "var(--on-accent)", backgroundColor: "var(--accent)" },
  ".cm-completionDetail": { color: "inherit", fontStyle: "normal" },
});

export function createEditor(
  parent: HTMLElement,
  given: {
    text: string;
    /** The name of the field for a screen reader. */
    label: string;
    schema: SqlSchema;
    onChange: (text: string) => void;
    onRun: () => void;
    /** Whether there was a running statement to cancel. */
    onCancel: () => boolean;
  },
): EditorView {
  const namespace = Object.fromEntries(
    given.schema.tables.map(({ name, columns }) => [
      name,
      columns.map((column): Completion => ({
        label: column.name,
        type: "property",
        detail: column.title ?? column.type,
        info: column.description,
      })),
    ]),
  );
  const functions = given.schema.functions.map((label): Completion => ({ label, type: "function" }));
  const language = sql({ dialect, schema: namespace, upperCaseKeywords: false });
  return new EditorView({
    parent,
    doc: given.text,
    extensions: [
      lineNumbers(),
      history(),
      drawSelection(),
      bracketMatching(),
      closeBrackets(),
      autocompletion(),
      EditorView.lineWrapping,
      language,
      dialect.language.data.of({
        autocomplete: (context: { matchBefore: (pattern: RegExp) => { from: number; text: string } | null }) => {
          const word = context.matchBefore(/[a-z_]\w{1,}/i);
          return word && { from: word.from, options: functions, validFor: /^\w*$/ };
        },
      }),
      syntaxHighlighting(colours),
      look,
      EditorState.tabSize.of(2),
      EditorView.contentAttributes.of({ "aria-label": given.label, spellcheck: "false", autocapitalize: "off" }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) given.onChange(update.state.doc.toString());
      }),
      Prec.highest(
        keymap.of([
          { key: "Mod-Enter", run: (view) => (closeCompletion(view), given.onRun(), true) },
          // With nothing to cancel it closes the list of completions, as everywhere.
          { key: "Escape", run: given.onCancel },
          { key: "Tab", run: acceptCompletion },
        ]),
      ),
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
    ],
  });
}
