import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Proposals } from "../completion/complete.js";
import type { JsonEditor } from "../editor/json-editor.js";

/** Longer texts are edited without colours and proposals, which would make every key wait. */
const COLOURED_MAX = 200_000;
const TOLD_MAX = 100;

export interface CodeEditorProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (text: string) => void;
  /** Ctrl or Command and Enter. */
  readonly onRun?: () => void;
  readonly complete?: (text: string, cursor: number) => Proposals | undefined;
  /** Below it: why the text cannot be taken. */
  readonly error?: string | undefined;
}

function Plain({ label, value, onInput, onRun, labelId }: CodeEditorProps & { readonly labelId: string }) {
  return (
    <textarea
      class="mono"
      rows={14}
      dir="ltr"
      spellcheck={false}
      aria-labelledby={labelId}
      title={label}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        onRun?.();
      }}
    />
  );
}

/** An editor of JSON. Its code is loaded when the first one is shown; until then, and where it cannot be, it is a plain text area. */
export function CodeEditor(props: CodeEditorProps) {
  const { label, value, error } = props;
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<JsonEditor>(undefined);
  const latest = useRef(props);
  latest.current = props;
  /** Texts that were told and have not come back as the value yet: whoever types is quicker than the page. */
  const told = useRef<string[]>([]);
  const [isLong] = useState(value.length > COLOURED_MAX);
  const [isReady, setReady] = useState(false);
  const [labelId, errorId] = [useId(), useId()];
  useEffect(() => {
    if (isLong) return;
    let isWanted = true;
    import("../editor/json-editor.js").then(
      ({ mountJsonEditor }) => {
        if (!isWanted || host.current === null) return;
        editor.current = mountJsonEditor(host.current, {
          text: latest.current.value,
          label: latest.current.label,
          onChange: (text) => {
            told.current = [...told.current.slice(-TOLD_MAX), text];
            latest.current.onInput(text);
          },
          onRun: () => latest.current.onRun?.(),
          complete: (text, cursor) => latest.current.complete?.(text, cursor),
        });
        setReady(true);
      },
      // the plain text area stays
      () => undefined,
    );
    return () => {
      isWanted = false;
      editor.current?.end();
      editor.current = undefined;
    };
  }, [isLong]);
  useLayoutEffect(() => {
    const at = told.current.indexOf(value);
    if (at >= 0) {
      told.current = told.current.slice(at + 1);
      return;
    }
    told.current = [];
    editor.current?.setText(value);
  }, [value]);
  return (
    <div class="field">
      <span class="field-label" id={labelId}>
        {label}
      </span>
      <div ref={host} />
      {isReady ? null : <Plain {...props} labelId={labelId} />}
      {error === undefined ? null : (
        <span class="field-error" id={errorId} role="alert">
          {error}
        </span>
      )}
    </div>
  );
}
