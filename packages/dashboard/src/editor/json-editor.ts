import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { linter, lintKeymap } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Proposals } from "../completion/complete.js";
import { parseText } from "../json-text.js";

/** What an editor of JSON is made with. */
export interface JsonEditorOptions {
  readonly text: string;
  /** What is edited, for who hears it. */
  readonly label: string;
  readonly onChange: (text: string) => void;
  /** Ctrl or Command and Enter. */
  readonly onRun?: (() => void) | undefined;
  readonly complete?: ((text: string, cursor: number) => Proposals | undefined) | undefined;
}

/** An editor in the page. */
export interface JsonEditor {
  /** Puts another text in place of all of it; `onChange` is not told. */
  readonly setText: (text: string) => void;
  readonly end: () => void;
}

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--series-6)" },
  { tag: tags.string, color: "var(--series-1)" },
  { tag: tags.number, color: "var(--series-2)" },
  { tag: [tags.bool, tags.null], color: "var(--series-3)" },
]);

const theme = EditorView.theme({
  "&": {
    maxHeight: "60vh",
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius)",
    color: "var(--text)",
    fontSize: "12.5px",
  },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "1px" },
  ".cm-scroller": { minHeight: "150px", fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", borderRight: "1px solid var(--line)", color: "var(--text-soft)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--neutral-soft)", border: "0", color: "var(--text-soft)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)" },
  ".cm-specialChar": { color: "var(--bad)" },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius)",
    boxShadow: "var(--shadow)",
    color: "var(--text)",
  },
  ".cm-tooltip-autocomplete > ul": { maxWidth: "min(560px, 90vw)", fontFamily: "var(--mono)" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": {
    marginLeft: "12px",
    color: "var(--text-soft)",
    fontFamily: "var(--font)",
    fontStyle: "normal",
  },
  "li[aria-selected] .cm-completionDetail": { color: "var(--on-accent)" },
  // CodeMirror's own is a picture in a `data:` URL, which the page's policy does not let in
  ".cm-lintRange-error, .cm-lintRange-active": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
  },
  ".cm-diagnostic": { padding: "4px 10px", borderLeft: "3px solid var(--bad)" },
});

/** A detail on one line of a list. */
const DETAIL_MAX = 80;

function source(complete: NonNullable<JsonEditorOptions["complete"]>) {
  return ({ state, pos, explicit }: CompletionContext): CompletionResult | null => {
    const found = complete(state.doc.toString(), pos);
    if (found === undefined) return null;
    const { from, to, proposals } = found;
    // unasked it appears while something is written, not at every bracket and blank
    if (!explicit && from === pos) return null;
    return {
      // up to the cursor: what stands behind it is replaced too, and compared with nothing
      from,
      options: proposals.map(({ label, insert, back, kind, detail }, i) => ({
        // what was written may have a quotation mark: what it is compared with has one, too
        label: state.sliceDoc(from, from + 1) === '"' ? `"${label}` : label,
        displayLabel: label,
        detail: detail.length > DETAIL_MAX ? `${detail.slice(0, DETAIL_MAX)}…` : detail,
        type: kind === "key" ? "property" : "constant",
        boost: -i / 100,
        apply: (view: EditorView, _completion: unknown, _from: number, cursor: number) => {
          view.dispatch({
            changes: { from, to: Math.min(cursor + to - pos, view.state.doc.length), insert },
            selection: { anchor: from + insert.length - back },
            userEvent: "input.complete",
          });
        },
      })),
    };
  };
}

const lint = linter((view) => {
  const text = view.state.doc.toString();
  if (text.trim() === "") return [];
  const parsed = parseText(text);
  if (!("problem" in parsed)) return [];
  const at = Math.min(parsed.at ?? 0, text.length);
  const from = Math.min(at, Math.max(text.trimEnd().length - 1, 0));
  return [{ from, to: Math.min(from + 1, text.length), severity: "error", message: parsed.problem }];
});

/**
 * Puts an editor of JSON into `host`. It lives in a shadow root: there CodeMirror's styles are constructed style sheets, which a content security policy without
 * `unsafe-inline` lets be. Tab leaves it, as everything else in the page.
 */
export function mountJsonEditor(host: HTMLElement, options: JsonEditorOptions): JsonEditor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const run = () => {
    options.onRun?.();
    return options.onRun !== undefined;
  };
  /** Is a text put in that whoever listens knows already? */
  let isGiven = false;
  const view = new EditorView({
    root,
    parent: root as unknown as Element,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        lineNumbers(),
        foldGutter(),
        // marks that turn the direction of a text, and others that are not seen, are shown as marks
        highlightSpecialChars(),
        history(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        json(),
        syntaxHighlighting(colours),
        lint,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": options.label }),
        options.complete === undefined
          ? []
          : autocompletion({ override: [source(options.complete)], icons: false, maxRenderedOptions: 60 }),
        keymap.of([
          { key: "Mod-Enter", run, preventDefault: true },
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...historyKeymap,
          ...foldKeymap,
          ...completionKeymap,
          ...lintKeymap,
        ]),
        theme,
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !isGiven) options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setText: (text) => {
      if (text === view.state.doc.toString()) return;
      isGiven = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      isGiven = false;
    },
    end: () => view.destroy(),
  };
}
