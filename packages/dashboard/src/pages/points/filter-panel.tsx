import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { conditionCount, emptyDraft, type FilterDraft } from "../../filter/filter-draft.js";
import { readFilter } from "../../filter/read-filter.js";
import { writeFilter } from "../../filter/write-filter.js";
import { printJson } from "../../json.js";
import type { JsonObject } from "../../json-value.js";
import { CodeEditor } from "../../parts/code-editor.js";
import { Tabs } from "../../parts/tabs.js";
import { FilterForm } from "./filter-form.js";

export interface FilterPanelProps {
  /** The filter that is in force, as DSL; `""`: none. */
  readonly applied: string;
  readonly fields: readonly string[];
  readonly vectors: readonly string[];
  /** `undefined`: every point. */
  readonly onApply: (filter: JsonObject | undefined) => void;
}

interface State {
  readonly draft: FilterDraft;
  readonly text: string;
  /** Why the text cannot be shown as a form. */
  readonly problem: string | undefined;
}

function stateOf(text: string): State {
  const read = readFilter(text);
  return "draft" in read
    ? { draft: read.draft, text, problem: undefined }
    : { draft: emptyDraft, text, problem: read.problem };
}

/** A filter that is made as a form or written as DSL: each shows what the other has. */
export function FilterPanel({ applied, fields, vectors, onApply }: FilterPanelProps) {
  const [{ draft, text, problem }, setState] = useState(() => stateOf(applied));
  const [shown, setShown] = useState("form");
  const written = useMemo(() => writeFilter(draft), [draft]);
  const problems = new Map(written.problems.map((each) => [each.path, each.message]));
  const isReady = problem === undefined && problems.size === 0;
  const inForce = useRef(applied);
  useEffect(() => {
    // a step back in the browser, or another link; what was applied here is shown already
    if (applied !== inForce.current) setState(stateOf(applied));
    inForce.current = applied;
  }, [applied]);
  const apply = () => {
    if (!isReady) return;
    const filter = Object.keys(written.json).length === 0 ? undefined : written.json;
    inForce.current = filter === undefined ? "" : printJson(filter);
    onApply(filter);
  };
  const total = conditionCount(draft);
  return (
    <form
      class="filter-panel"
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <Tabs
        label="How the filter is edited"
        shown={shown}
        onShow={setShown}
        tabs={[
          {
            id: "form",
            title: "Form",
            content: () =>
              problem === undefined ? (
                <FilterForm
                  draft={draft}
                  path=""
                  context={{ problems, fields, vectors }}
                  onChange={(changed) => {
                    const { json } = writeFilter(changed);
                    const isEmpty = Object.keys(json).length === 0;
                    setState({ draft: changed, text: isEmpty ? "" : printJson(json, 2), problem: undefined });
                  }}
                />
              ) : (
                <p class="field-error" role="alert">
                  {`No form shows what is written as DSL. ${problem}`}
                </p>
              ),
          },
          {
            id: "dsl",
            title: "DSL",
            content: () => (
              <CodeEditor
                label="Filter as JSON; empty means every point"
                value={text}
                onInput={(typed) => setState(stateOf(typed))}
                onRun={apply}
                error={problem}
              />
            ),
          },
        ]}
      />
      <div class="row">
        <button type="submit" class="primary" disabled={!isReady}>
          Apply the filter
        </button>
        <button
          type="button"
          disabled={applied === "" && text === ""}
          onClick={() => {
            setState(stateOf(""));
            inForce.current = "";
            onApply(undefined);
          }}
        >
          Clear
        </button>
        <span class="soft" role="status">
          {problem === undefined && problems.size > 0
            ? `${problems.size === 1 ? "One part is" : `${problems.size} parts are`} not right yet.`
            : total === 0
              ? "No condition: every point matches."
              : `${total} ${total === 1 ? "condition" : "conditions"}`}
        </span>
      </div>
    </form>
  );
}
