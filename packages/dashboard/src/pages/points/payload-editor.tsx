import { useRef, useState } from "preact/hooks";
import { isSamePayload, type PayloadChange, withoutKeys } from "../../collection/payload-change.js";
import { type PointId, payloadNow, writePayload } from "../../collection/points.js";
import { printJson } from "../../json.js";
import { parseObjectText } from "../../json-text.js";
import type { JsonObject } from "../../json-value.js";
import { CodeEditor } from "../../parts/code-editor.js";
import { Data } from "../../parts/data.js";
import { Dialog } from "../../parts/dialog.js";
import { ErrorBox } from "../../parts/error-box.js";
import { SelectField } from "../../parts/field.js";
import { JsonView } from "../../parts/json-view.js";
import { notify } from "../../parts/toast.js";
import { WaitingButton } from "../../parts/waiting-button.js";

export interface PayloadEditorProps {
  readonly collection: string;
  readonly id: PointId;
  readonly payload: JsonObject;
  readonly onClose: () => void;
  /** After the payload was written, or the point was found to be gone. */
  readonly onChanged: () => void;
}

type How = PayloadChange["how"];

const hows = [
  { value: "overwrite", label: "Replace the whole payload" },
  { value: "set", label: "Set these keys, keep the others" },
  { value: "delete", label: "Delete keys" },
];

/** Keys that are offered to be deleted; more are too many to look through. */
const KEYS_MAX = 500;

interface KeysProps {
  readonly keys: readonly string[];
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
}

function Keys({ keys, chosen, onChange }: KeysProps) {
  const [sought, setSought] = useState("");
  const found = keys.filter((key) => key.includes(sought));
  return (
    <fieldset class="payload-keys">
      <legend class="field-label">Keys to be deleted</legend>
      {keys.length > 12 ? (
        <input
          type="search"
          aria-label="Look for a key"
          placeholder={`Look for one of ${keys.length.toLocaleString("en")} keys`}
          value={sought}
          onInput={(event) => setSought(event.currentTarget.value)}
        />
      ) : null}
      <div class="payload-key-list">
        {found.slice(0, KEYS_MAX).map((key) => (
          <label key={key} class="check">
            <input
              type="checkbox"
              checked={chosen.has(key)}
              onChange={(event) => {
                const next = new Set(chosen);
                if (event.currentTarget.checked) next.add(key);
                else next.delete(key);
                onChange(next);
              }}
            />
            <Data text={key} max={80} isBrief />
          </label>
        ))}
      </div>
      {found.length > KEYS_MAX ? (
        <p class="soft">{`and ${(found.length - KEYS_MAX).toLocaleString("en")} more`}</p>
      ) : null}
      {keys.length === 0 ? <p class="soft">The payload has no keys.</p> : null}
    </fieldset>
  );
}

/** Edits the payload of one point. Before it writes it looks whether somebody else has written meanwhile, and says so. */
export function PayloadEditor({ collection, id, payload, onClose, onChanged }: PayloadEditorProps) {
  const [how, setHow] = useState<How>("overwrite");
  const [text, setText] = useState(() => printJson(payload, 2));
  const [keys, setKeys] = useState<ReadonlySet<string>>(new Set());
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  /** What stands there now, where it is not what editing began with. */
  const [theirs, setTheirs] = useState<JsonObject>();
  const begunWith = useRef(payload);
  const parsed = parseObjectText(text);
  const problem = how !== "delete" && "problem" in parsed ? parsed.problem : undefined;
  const isReady = problem === undefined && (how !== "delete" || keys.size > 0);
  const changeOf = (): PayloadChange | undefined => {
    if (how === "delete") return withoutKeys(begunWith.current, keys);
    return "json" in parsed ? { how, payload: parsed.json } : undefined;
  };
  const save = async () => {
    const change = changeOf();
    if (change === undefined || !isReady || isBusy) return;
    setBusy(true);
    setError(undefined);
    try {
      const now = await payloadNow(collection, id);
      if (now === undefined) throw new Error("The point was deleted meanwhile. Nothing was written.");
      if (!isSamePayload(now, begunWith.current)) {
        setTheirs(now);
        return;
      }
      await writePayload(collection, id, change);
      notify(`The payload of ${id} was written.`);
      onChanged();
      onClose();
    } catch (failure) {
      setError(failure as Error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={`Payload of ${id}`} onClose={onClose}>
      <div class="stack payload-editor">
        <SelectField label="What is done" value={how} options={hows} onChange={(value) => setHow(value as How)} />
        {how === "delete" ? (
          <Keys keys={Object.keys(begunWith.current)} chosen={keys} onChange={setKeys} />
        ) : (
          <CodeEditor
            label="Payload as JSON"
            value={text}
            onInput={setText}
            onRun={() => void save()}
            error={problem}
          />
        )}
        {theirs === undefined ? null : (
          <div class="conflict" role="alert">
            <strong>The payload was changed by somebody else meanwhile. Nothing was written yet.</strong>
            <p>It is now:</p>
            <JsonView value={theirs} openDepth={1} />
            <div class="row">
              <button
                type="button"
                onClick={() => {
                  begunWith.current = theirs;
                  setText(printJson(theirs, 2));
                  setKeys(new Set());
                  setTheirs(undefined);
                }}
              >
                Drop mine, edit theirs
              </button>
              <button
                type="button"
                class="danger"
                onClick={() => {
                  begunWith.current = theirs;
                  setTheirs(undefined);
                }}
              >
                Keep mine: the next save writes over theirs
              </button>
            </div>
          </div>
        )}
        <ErrorBox what="The payload was not written" error={error} />
        <div class="dialog-actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <WaitingButton
            class="primary"
            isDisabled={!isReady || theirs !== undefined}
            isWaiting={isBusy}
            onClick={() => void save()}
          >
            {isBusy ? "Writing…" : "Save"}
          </WaitingButton>
        </div>
      </div>
    </Dialog>
  );
}
