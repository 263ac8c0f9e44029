import { useEffect, useMemo, useState } from "preact/hooks";
import { ask, path } from "../../api.js";
import { count as countText, percent } from "../../format.js";
import { type Id, PointLink, pointLink } from "../../looking/link-to-point.js";
import { type Collection, type DenseVector, vectorTitle } from "../../looking/vectors.js";
import { WithDenseVectors } from "../../looking/with-dense-vectors.js";
import type { PageProps } from "../../page.js";
import { Busy } from "../../parts/busy.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { ErrorBox } from "../../parts/error-box.js";
import { SelectField, TextField } from "../../parts/field.js";
import { VirtualList } from "../../parts/virtual-list.js";
import { WholeNumberField, wholeNumber } from "../../parts/whole-number-field.js";
import { go } from "../../place.js";
import { useResource } from "../../use-resource.js";
import { useRunning } from "../../use-running.js";
import { type Colouring, colouringOf, rangeColour } from "./colours.js";
import { projectByPca } from "./pca.js";
import { loadField, loadFields, loadSample, pointsOf, type Sample } from "./sample.js";
import { LegendMark, Scatter } from "./scatter.js";
import { embed, UMAP_POINTS_MIN } from "./umap.js";
import "../../looking/looking.css";

const SIZES = [200, 500, 1_000, 2_000, 5_000];
const NEIGHBOURS = 8;
const UMAP_NEIGHBOURS_MIN = 2;
const UMAP_NEIGHBOURS_MAX = 100;
/** A pointer that rests so long on a point asks for its neighbours. */
const REST_MS = 150;
/** A field's name is asked for when so long no letter came to it. */
const TYPING_MS = 200;
const plain: Colouring = { kind: "plain", colour: "#0072b2" };

/** Where points are on the plane, and what is known of it. */
interface Placed {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  readonly words: string;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
  signal.throwIfAborted();
}

/** PCA, a step between two frames of the page. */
async function pcaOf({ rows, dimensions }: Sample, signal: AbortSignal): Promise<Placed> {
  const work = projectByPca(rows, dimensions);
  for (let atMs = performance.now(); ; ) {
    const step = work.next();
    if (step.done === true) {
      const { xs, ys, explained } = step.value;
      const words = `The two directions of most variance hold ${percent(explained[0])} and ${percent(explained[1])} of it.`;
      return { xs, ys, words };
    }
    if (performance.now() - atMs < 12) continue;
    await pause(0, signal);
    atMs = performance.now();
  }
}

interface Near {
  readonly id: Id;
  readonly score: number;
}

async function loadNear(collection: string, using: string, id: Id, signal: AbortSignal): Promise<readonly Near[]> {
  const body = { query: id, using, limit: NEIGHBOURS, with_payload: false };
  const found = await ask<{ readonly points: readonly Near[] }>("POST", path`/collections/${collection}/points/query`, {
    body,
    signal,
  });
  return found.points;
}

function Legend({ colouring }: { readonly colouring: Colouring }) {
  if (colouring.kind === "plain") return null;
  if (colouring.kind === "range") {
    const stops = Array.from({ length: 11 }, (_, i) => i / 10);
    return (
      <div class="legend">
        <span>{colouring.low}</span>
        <svg class="legend-range" viewBox="0 0 110 10" preserveAspectRatio="none" aria-hidden="true">
          {stops.map((share) => (
            <rect key={share} x={share * 100} y="0" width="11" height="10" fill={rangeColour(share)} />
          ))}
        </svg>
        <span>{colouring.high}</span>
        {colouring.missing === 0 ? null : <span class="soft">✕ no number: {countText(colouring.missing)}</span>}
      </div>
    );
  }
  return (
    <ul class="legend" aria-label="Legend">
      {colouring.categories.map(({ name, colour, shape, count }, i) => (
        <li key={i}>
          <LegendMark colour={colour} shape={shape} /> <Data text={name} max={40} isBrief />{" "}
          <span class="soft">{countText(count)}</span>
        </li>
      ))}
    </ul>
  );
}

function Neighbours({
  collection,
  id,
  near,
  error,
}: {
  readonly collection: string;
  readonly id: Id | undefined;
  readonly near: readonly Near[] | undefined;
  readonly error: Error | undefined;
}) {
  if (id === undefined)
    return <p class="soft">Point at one, or focus one in the list, to see what is nearest to it.</p>;
  return (
    <>
      <p>
        Nearest to <PointLink collection={collection} id={id} />, by a query:
      </p>
      <ErrorBox what="The neighbours could not be read" error={error} />
      <ol class="near">
        {(near ?? []).map((one) => (
          <li key={String(one.id)}>
            <PointLink collection={collection} id={one.id} /> <span class="soft">{one.score}</span>
          </li>
        ))}
      </ol>
      {near === undefined && error === undefined ? <Busy what="Asking" /> : null}
    </>
  );
}

/** What a query for the neighbours of a point came to. */
interface Answer {
  /** The question, as the object that it is: an answer to another one is none to this. */
  readonly to: object;
  readonly near?: readonly Near[];
  readonly error?: Error;
}

interface ShownProps {
  readonly collection: string;
  readonly vector: DenseVector;
  readonly sample: Sample;
  readonly placed: Placed;
  readonly colouring: Colouring;
  readonly values: readonly unknown[] | undefined;
}

/** The points, what is nearest to the one that is looked at, and all of them as a list. */
function Shown({ collection, vector, sample, placed, colouring, values }: ShownProps) {
  const [looked, setLooked] = useState<number>();
  const [answer, setAnswer] = useState<Answer>();
  const id = looked === undefined ? undefined : sample.ids[looked];
  const asked = useMemo(
    () => (id === undefined ? undefined : { collection, using: vector.name, id }),
    [collection, vector.name, id],
  );
  useEffect(() => {
    if (asked === undefined) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      loadNear(asked.collection, asked.using, asked.id, abort.signal).then(
        (found) => setAnswer({ to: asked, near: found }),
        (failure: Error) => {
          if (!abort.signal.aborted) setAnswer({ to: asked, error: failure });
        },
      );
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [asked]);
  // effects come after the paint: what is not of this question is left out here
  const { near, error } = answer !== undefined && answer.to === asked ? answer : {};
  const places = useMemo(() => new Map(sample.ids.map((one, at) => [String(one), at])), [sample]);
  const nearPlaces = useMemo(
    () => new Set((near ?? []).map((one) => places.get(String(one.id))).filter((at) => at !== undefined)),
    [near, places],
  );
  const inSample = nearPlaces.size;
  const open = (at: number) => {
    const one = sample.ids[at];
    if (one !== undefined) go(pointLink(collection, one));
  };
  return (
    <div class="looking">
      <Card title="Points">
        <Scatter
          xs={placed.xs}
          ys={placed.ys}
          colouring={colouring}
          looked={looked}
          near={nearPlaces}
          label={`${sample.ids.length} points on a plane. The same points stand in the list below.`}
          onLook={(at) => {
            // who leaves the points keeps what was looked at last
            if (at !== undefined) setLooked(at);
          }}
          onOpen={open}
        />
        <Legend colouring={colouring} />
        <p class="soft">{placed.words} Drag to move; focus the picture and use the wheel, + and − to zoom.</p>
      </Card>
      <div class="stack">
        <Card title="Neighbours">
          <Neighbours collection={collection} id={id} near={near} error={error} />
          {near === undefined ? null : (
            <p class="soft">
              {inSample} of {near.length} are in the sample.
            </p>
          )}
        </Card>
        <Card title="As a list">
          <VirtualList
            label="Points of the sample"
            items={sample.ids}
            keyOf={(one) => String(one)}
            rowHeight={30}
            height={300}
            render={(one, at) => (
              <button type="button" class="quiet list-row" onFocus={() => setLooked(at)} onClick={() => open(at)}>
                <Data text={String(one)} max={36} isBrief />{" "}
                {values === undefined ? null : (
                  <span class="soft">
                    <Data text={String(values[at] ?? "no value")} max={40} isBrief />
                  </span>
                )}
              </button>
            )}
          />
        </Card>
      </div>
    </div>
  );
}

/** Vectors on a plane: a sample of points, by principal components or by UMAP, coloured by a field. */
export function Page({ params }: PageProps) {
  const collection = params["collection"] ?? "";
  const none = "This collection has no dense vectors: only those can be laid out on a plane.";
  return (
    <WithDenseVectors collection={collection} none={none}>
      {(info) => <Projection collection={collection} info={info} />}
    </WithDenseVectors>
  );
}

function Projection({ collection, info }: { readonly collection: string; readonly info: Collection }) {
  const [vectorName, setVectorName] = useState(info.vectors[0]?.name ?? "");
  const [wanted, setWanted] = useState(500);
  const [field, setField] = useState("");
  const [turn, setTurn] = useState(0);
  const vector = info.vectors.find(({ name }) => name === vectorName) ?? (info.vectors[0] as DenseVector);
  const sample = useResource(
    (signal) => loadSample(collection, vector, wanted, signal),
    [collection, vector.name, wanted, turn],
  );
  const fields = useResource(
    (signal) => loadFields(collection, sample.value?.ids ?? [], signal),
    [collection, sample.value],
  );
  const values = useResource(
    async (signal) => {
      const of = sample.value;
      if (of === undefined || field === "") return undefined;
      await pause(TYPING_MS, signal);
      return { of, list: await loadField(collection, of.ids, field, signal) };
    },
    [collection, sample.value, field],
  );
  const pca = useResource(
    async (signal) => {
      const of = sample.value;
      return of === undefined ? undefined : { of, placed: await pcaOf(of, signal) };
    },
    [sample.value],
  );
  const [umap, setUmap] = useState<{ readonly of: Sample; readonly placed: Placed }>();
  const [progress, setProgress] = useState(0);
  const { error: umapError, isRunning, start, cancel } = useRunning();
  const [neighbours, setNeighbours] = useState("15");
  // of another sample: what is under way is of no use
  useEffect(() => cancel, [sample.value, cancel]);

  // what belongs to the sample before this one would put points where they are not
  const shownValues = values.value?.of === sample.value ? values.value?.list : undefined;
  const colouring = useMemo(() => (shownValues === undefined ? plain : colouringOf(shownValues)), [shownValues]);
  const isUmap = umap !== undefined && umap.of === sample.value;
  const placed = isUmap ? umap.placed : pca.value?.of === sample.value ? pca.value?.placed : undefined;
  const neighboursGiven = wholeNumber(neighbours, UMAP_NEIGHBOURS_MAX, UMAP_NEIGHBOURS_MIN);

  const runUmap = () => {
    const of = sample.value;
    if (of === undefined || neighboursGiven === undefined) return;
    setProgress(0);
    start(
      (signal) => embed(of, neighboursGiven, setProgress, signal),
      (laid) => setUmap(laid && { of, placed: { ...laid, words: `By UMAP with ${neighboursGiven} neighbours.` } }),
    );
  };

  return (
    <div class="stack">
      <Card title="What is shown">
        <div class="controls">
          <SelectField
            label="Vector"
            value={vector.name}
            options={info.vectors.map((one) => ({ value: one.name, label: vectorTitle(one) }))}
            onChange={setVectorName}
          />
          <SelectField
            label="Points, at random"
            value={String(wanted)}
            options={SIZES.map((size) => ({ value: String(size), label: countText(pointsOf(size, vector.size)) }))}
            onChange={(value) => setWanted(Number(value))}
          />
          <TextField
            label="Coloured by the field"
            value={field}
            onInput={setField}
            placeholder="none"
            suggestions={[...new Set([...info.indexed, ...(fields.value ?? [])])]}
          />
          <WholeNumberField
            label="UMAP's neighbours"
            value={neighbours}
            onInput={setNeighbours}
            least={UMAP_NEIGHBOURS_MIN}
            most={UMAP_NEIGHBOURS_MAX}
          />
          <div class="row">
            <button type="button" onClick={() => setTurn(turn + 1)}>
              Other points
            </button>
            {isRunning ? (
              <button type="button" onClick={cancel}>
                Cancel UMAP
              </button>
            ) : (
              <button
                type="button"
                disabled={neighboursGiven === undefined || (sample.value?.ids.length ?? 0) < UMAP_POINTS_MIN}
                onClick={runUmap}
              >
                Lay out by UMAP
              </button>
            )}
            {isUmap ? (
              <button type="button" onClick={() => setUmap(undefined)}>
                Principal components
              </button>
            ) : null}
          </div>
        </div>
        {isRunning ? (
          <p role="status">
            <progress max={1} value={progress === 0 ? undefined : progress} aria-label="UMAP" />{" "}
            {progress === 0 ? "looking for neighbours" : percent(progress)}
          </p>
        ) : null}
        <ErrorBox what="UMAP failed" error={umapError} />
        <ErrorBox what="The field could not be read" error={values.error} />
      </Card>
      <ErrorBox what="The sample could not be read" error={sample.error} onRetry={sample.reload} />
      {sample.value?.ids.length === 0 ? <p>No point has this vector yet.</p> : null}
      {sample.value !== undefined && sample.value.ids.length > 0 && placed !== undefined ? (
        <Shown
          // what was looked at is of the sample
          key={turn}
          collection={collection}
          vector={vector}
          sample={sample.value}
          placed={placed}
          colouring={colouring}
          values={shownValues}
        />
      ) : sample.error === undefined && sample.value?.ids.length !== 0 ? (
        <Busy what="Laying out" />
      ) : null}
    </div>
  );
}
