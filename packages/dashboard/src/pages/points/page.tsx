import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ask, path } from "../../api.js";
import { type CollectionInfo, vectorsOf } from "../../collection/collection-info.js";
import {
  countPoints,
  deletePoints,
  type PointId,
  type PointPage,
  type PointRecord,
  scrollPoints,
} from "../../collection/points.js";
import { readFilter } from "../../filter/read-filter.js";
import { count } from "../../format.js";
import { parseJson, printJson } from "../../json.js";
import { isObject, type JsonObject } from "../../json-value.js";
import type { PageProps } from "../../page.js";
import { Busy } from "../../parts/busy.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { question } from "../../parts/dialog.js";
import { ErrorBox } from "../../parts/error-box.js";
import { CheckField, SelectField } from "../../parts/field.js";
import { notify } from "../../parts/toast.js";
import { WaitingButton } from "../../parts/waiting-button.js";
import { go } from "../../place.js";
import { href } from "../../route.js";
import { useResource } from "../../use-resource.js";
import { FilterPanel } from "./filter-panel.js";
import { PayloadEditor } from "./payload-editor.js";
import { PointItem } from "./point-item.js";
import "./points.css";

const SIZES = ["10", "20", "50", "100"];
/** Fields of the points on the page that are proposed to filters, beside the indexed ones. */
const FIELDS_MAX = 200;

type Offsets = readonly (PointId | undefined)[];

/** How far somebody has turned the pages of one list. */
interface Turned {
  readonly list: string;
  readonly offsets: Offsets;
}

const FIRST_PAGE: Offsets = [undefined];

/** The filter in a link; what is none is left out, and said. */
function filterIn(text: string): { readonly filter: JsonObject | undefined; readonly problem: string | undefined } {
  if (text === "") return { filter: undefined, problem: undefined };
  const read = readFilter(text);
  if ("problem" in read) return { filter: undefined, problem: read.problem };
  const json = parseJson(text);
  return { filter: isObject(json) ? json : undefined, problem: undefined };
}

function fieldsOf(info: CollectionInfo | undefined, points: readonly PointRecord[]): readonly string[] {
  const fields = new Set(Object.keys(info?.payload_schema ?? {}));
  for (const { payload } of points) {
    for (const key in payload ?? {}) {
      if (fields.size >= FIELDS_MAX) return [...fields];
      if (key.length <= 100) fields.add(key);
    }
  }
  return [...fields];
}

interface PagingProps {
  readonly at: number;
  readonly page: PointPage | undefined;
  readonly isLoading: boolean;
  readonly onPrevious: () => void;
  readonly onNext: () => void;
}

function Paging({ at, page, isLoading, onPrevious, onNext }: PagingProps) {
  return (
    <nav class="row" aria-label="Pages of points">
      <WaitingButton isWaiting={at === 0 || isLoading} onClick={onPrevious}>
        Previous
      </WaitingButton>
      <span class="soft" role="status">{`page ${at + 1}`}</span>
      <WaitingButton isWaiting={(page?.next_page_offset ?? null) === null || isLoading} onClick={onNext}>
        Next
      </WaitingButton>
    </nav>
  );
}

/** The points of a collection: page by page, filtered, edited and deleted. */
export function Page({ params, query }: PageProps) {
  const collection = params["collection"] ?? "";
  const filterText = query.get("filter") ?? "";
  const limit = SIZES.includes(query.get("limit") ?? "") ? Number(query.get("limit")) : 20;
  const hasVectors = query.get("vectors") === "1";
  const { filter, problem } = useMemo(() => filterIn(filterText), [filterText]);
  /** Where each page begins, from the first to the one that is shown. */
  const [turned, setTurned] = useState<Turned>({ list: "", offsets: FIRST_PAGE });
  const [chosen, setChosen] = useState<ReadonlySet<PointId>>(new Set());
  const [edited, setEdited] = useState<PointRecord>();
  const listElement = useRef<HTMLUListElement>(null);
  // another list begins at its first page
  const list = JSON.stringify([filterText, limit]);
  const offsets = turned.list === list ? turned.offsets : FIRST_PAGE;
  const at = offsets.length - 1;
  const offset = offsets[at];

  const info = useResource<CollectionInfo>(
    (signal) => ask("GET", path`/collections/${collection}`, { signal }),
    [collection],
  );
  const total = useResource((signal) => countPoints(collection, filter, signal), [collection, filter]);
  const points = useResource(
    (signal) => scrollPoints(collection, { filter, limit, offset, hasVectors }, signal),
    [collection, filter, limit, hasVectors, offset],
  );
  const shown = points.value?.points ?? [];
  const fields = useMemo(() => fieldsOf(info.value, shown), [info.value, points.value]);
  const vectors = useMemo(
    () => (info.value === undefined ? [] : vectorsOf(info.value).map(({ name }) => name)),
    [info.value],
  );

  useEffect(() => setChosen(new Set()), [list]);

  const show = (change: { filter?: string; limit?: string; vectors?: string }) => {
    const next = { filter: filterText, limit: String(limit), vectors: hasVectors ? "1" : "", ...change };
    const given = Object.fromEntries(
      Object.entries(next).map(([name, value]) => [name, value === "" ? undefined : value]),
    );
    go(href("/collections/:collection/points", { collection }, given), { replace: true });
  };
  const reload = () => {
    points.reload();
    total.reload();
    setChosen(new Set());
  };
  const turn = (to: Offsets) => {
    setTurned({ list, offsets: to });
    setChosen(new Set());
    listElement.current?.scrollIntoView({ block: "nearest" });
  };
  const remove = async (target: Parameters<typeof deletePoints>[1], what: string, typed?: string) => {
    const isSure = await question({
      title: `Delete ${what}?`,
      text: `Delete ${what} of the collection, with vectors and payloads, in every region? This cannot be taken back.`,
      action: `Delete ${what}`,
      isDangerous: true,
      ...(typed === undefined ? {} : { typed }),
    });
    if (!isSure) return;
    try {
      await deletePoints(collection, target);
      notify(`Deleted: ${what}.`);
    } catch (error) {
      notify(`Nothing was deleted: ${(error as Error).message}`, "failed");
    }
    reload();
  };
  const removeMatching = async () => {
    let matching: number;
    try {
      // as of now, not as of when the page was loaded
      matching = await countPoints(collection, filter);
    } catch (error) {
      notify(`It could not be counted what would be deleted: ${(error as Error).message}`, "failed");
      return;
    }
    const what = `${count(matching)} ${matching === 1 ? "point that matches" : "points that match"} the filter`;
    await remove({ filter: filter ?? {} }, what, filter === undefined ? collection : String(matching));
  };

  return (
    <div class="stack">
      <Card title="Filter">
        {problem === undefined ? null : <p class="field-error">{`The filter of this link was left out. ${problem}`}</p>}
        <FilterPanel
          applied={filterText}
          fields={fields}
          vectors={vectors}
          onApply={(applied) => {
            show({ filter: applied === undefined ? "" : printJson(applied) });
            if (applied !== undefined && printJson(applied) === filterText) reload();
          }}
        />
      </Card>
      <Card
        title={total.value === undefined ? "Points" : `${count(total.value)} ${total.value === 1 ? "point" : "points"}`}
        aside={
          <>
            <CheckField
              label="With vectors"
              isChecked={hasVectors}
              onChange={(isChecked) => show({ vectors: isChecked ? "1" : "" })}
            />
            <SelectField
              label="On a page"
              value={String(limit)}
              options={SIZES.map((size) => ({ value: size, label: size }))}
              onChange={(size) => show({ limit: size })}
            />
            <button type="button" onClick={reload}>
              Load again
            </button>
          </>
        }
      >
        <ErrorBox what="The points could not be read" error={points.error ?? total.error} onRetry={reload} />
        {points.value === undefined && points.error === undefined ? <Busy /> : null}
        {points.value !== undefined && shown.length === 0 ? (
          <p class="soft">
            {at > 0
              ? "No points are left on this page."
              : filter === undefined
                ? "The collection has no points."
                : "No point matches the filter."}
          </p>
        ) : null}
        <ul class="points" ref={listElement} aria-busy={points.isLoading}>
          {shown.map((point) => (
            <PointItem
              key={String(point.id)}
              point={point}
              isChosen={chosen.has(point.id)}
              onChoose={(isChosen) => {
                const next = new Set(chosen);
                if (isChosen) next.add(point.id);
                else next.delete(point.id);
                setChosen(next);
              }}
              onEdit={() => setEdited(point)}
              onDelete={() => void remove({ points: [point.id] }, `point ${point.id}`)}
            />
          ))}
        </ul>
        <div class="row points-foot">
          <Paging
            at={at}
            page={points.value}
            isLoading={points.isLoading}
            onPrevious={() => turn(offsets.slice(0, -1))}
            onNext={() => turn([...offsets, points.value?.next_page_offset ?? undefined])}
          />
          <span class="row">
            <button
              type="button"
              class="danger"
              disabled={chosen.size === 0}
              onClick={() =>
                void remove({ points: [...chosen] }, `${chosen.size} chosen ${chosen.size === 1 ? "point" : "points"}`)
              }
            >
              {`Delete chosen (${chosen.size})`}
            </button>
            <button
              type="button"
              class="danger"
              disabled={filter === undefined || total.value === undefined || total.value === 0}
              onClick={() => void removeMatching()}
            >
              Delete all that match
            </button>
          </span>
        </div>
      </Card>
      {edited === undefined ? null : (
        <PayloadEditor
          collection={collection}
          id={edited.id}
          payload={edited.payload ?? {}}
          onClose={() => setEdited(undefined)}
          onChanged={reload}
        />
      )}
      <p class="soft">
        Collection <Data text={collection} max={80} isBrief />: points stand in the order of their ids.
      </p>
    </div>
  );
}
