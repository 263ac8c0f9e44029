import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { timesKeyed } from "../../api.js";
import { count, duration, moment } from "../../format.js";
import { PointLink } from "../../looking/link-to-point.js";
import type { PageProps } from "../../page.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { Dialog } from "../../parts/dialog.js";
import { ErrorBox } from "../../parts/error-box.js";
import { CheckField, TextField } from "../../parts/field.js";
import { JsonView } from "../../parts/json-view.js";
import { VirtualList } from "../../parts/virtual-list.js";
import { follow, type StreamPlace, type StreamState } from "./follow.js";
import { HELD_MAX, type ListedOperation, matching, withLatest } from "./latest.js";
import "../../looking/looking.css";

const kinds = [
  "upsert",
  "delete",
  "set-payload",
  "overwrite-payload",
  "delete-payload",
  "clear-payload",
  "update-vectors",
  "delete-vectors",
] as const;

/** What has come is put into the page so often. */
const SHOW_MS = 200;
/** Points of one operation that its line names. */
const IDS_SHOWN = 6;

function Line({
  collection,
  operation,
  onOpen,
}: {
  readonly collection: string;
  readonly operation: ListedOperation;
  readonly onOpen: () => void;
}) {
  const { kind, atMs, ids, dot } = operation;
  return (
    <div class="operations-row">
      <span class="soft">{Number.isNaN(atMs) ? "" : moment(atMs).slice(11)}</span>
      <button type="button" class="link" aria-label={`${kind} ${dot}: show all of it`} onClick={onOpen}>
        <Data text={kind} max={24} isBrief />
      </button>
      <span>
        {ids.slice(0, IDS_SHOWN).map((id, i) => (
          <span key={i}>
            {i === 0 ? "" : ", "}
            <PointLink collection={collection} id={id} />
          </span>
        ))}
        {ids.length > IDS_SHOWN ? <span class="soft"> and {count(ids.length - IDS_SHOWN)} more</span> : null}
      </span>
    </div>
  );
}

const moods = { connecting: "neutral", following: "good", ended: "warning", given_up: "bad" } as const;
const words = { connecting: "connecting", following: "live", ended: "not connected", given_up: "given up" } as const;

/** What is written to a collection, as it is written here or comes from elsewhere. */
export function Page({ params }: PageProps) {
  const collection = params["collection"] ?? "";
  const [held, setHeld] = useState<readonly ListedOperation[]>([]);
  const [state, setState] = useState<StreamState>({ kind: "connecting", isGap: false });
  const [isGap, setGap] = useState(false);
  const [isPaused, setPaused] = useState(false);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [point, setPoint] = useState("");
  const [opened, setOpened] = useState<ListedOperation>();
  const [total, setTotal] = useState(0);
  const come = useRef<ListedOperation[]>([]);
  const paused = useRef(false);
  paused.current = isPaused;
  const place = useRef<StreamPlace>({ lastId: "", come: 0 });
  const [turn, setTurn] = useState(0);
  const again = () => setTurn(turn + 1);
  const key = timesKeyed.value;

  useEffect(() => {
    const abort = new AbortController();
    void follow(
      collection,
      place.current,
      (operations) => {
        come.current.push(...operations);
        setTotal((before) => before + operations.length);
        // while it is paused, what is older than what is held goes
        if (come.current.length > HELD_MAX) come.current.splice(0, come.current.length - HELD_MAX);
      },
      (next) => {
        setState(next);
        if (next.kind === "connecting" && next.isGap) setGap(true);
      },
      abort.signal,
    );
    const timer = setInterval(() => {
      if (paused.current || come.current.length === 0) return;
      const taken = come.current.splice(0);
      setHeld((before) => withLatest(before, taken));
    }, SHOW_MS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [collection, key, turn]);

  const shown = useMemo(() => matching(held, hidden, point.trim()), [held, hidden, point]);
  // of a stream that is refused nothing will come
  const nothing =
    held.length > 0
      ? "None of them is of these kinds and points."
      : state.kind === "given_up"
        ? "Nothing is shown."
        : "Nothing yet: what is written from now on appears here.";
  return (
    <div class="stack">
      <Card
        title="Operations"
        aside={
          <>
            <Badge mood={moods[state.kind]}>{words[state.kind]}</Badge>
            <button type="button" class="small" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
              {isPaused ? "Go on" : "Pause"}
            </button>
            <button
              type="button"
              class="small"
              onClick={() => {
                setHeld([]);
                setGap(false);
              }}
            >
              Clear
            </button>
          </>
        }
      >
        <fieldset class="row kinds">
          <legend class="heard">Kinds that are shown</legend>
          {kinds.map((kind) => (
            <CheckField
              key={kind}
              label={kind}
              isChecked={!hidden.has(kind)}
              onChange={(isShown) => {
                const next = new Set(hidden);
                if (isShown) next.delete(kind);
                else next.add(kind);
                setHidden(next);
              }}
            />
          ))}
        </fieldset>
        <div class="controls">
          <TextField label="Points whose id has" value={point} onInput={setPoint} placeholder="all" type="search" />
        </div>
        <ErrorBox
          what={`The stream ended; it is asked for again${state.kind === "ended" ? ` after ${duration(state.pauseMs / 1_000)}` : ""}`}
          error={state.kind === "ended" ? state.error : undefined}
          onRetry={again}
        />
        <ErrorBox
          what="The stream was refused: nothing appears here"
          error={state.kind === "given_up" ? state.error : undefined}
          onRetry={again}
        />
        {isGap ? (
          <p class="field-error" role="alert">
            The server does not go on where the stream ended: operations in between may be missing here.
          </p>
        ) : null}
        <p class="soft" role="status">
          {count(total)} have come since this page was opened, {count(shown.length)} of the latest {count(held.length)}{" "}
          are shown{isPaused ? "; paused" : ""}.
        </p>
        {shown.length === 0 ? (
          <p class="soft">{nothing}</p>
        ) : (
          <VirtualList
            label="Operations, the latest first"
            items={shown}
            keyOf={({ number }) => number}
            rowHeight={30}
            height={480}
            render={(operation) => (
              <Line collection={collection} operation={operation} onOpen={() => setOpened(operation)} />
            )}
          />
        )}
      </Card>
      {opened === undefined ? null : (
        <Dialog title={`${opened.kind} ${opened.dot}`} onClose={() => setOpened(undefined)}>
          {opened.isCut ? (
            <Data text={String(opened.data)} max={2_000} />
          ) : (
            <JsonView value={opened.data} openDepth={2} />
          )}
        </Dialog>
      )}
    </div>
  );
}
