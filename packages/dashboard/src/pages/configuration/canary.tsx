import { useState } from "preact/hooks";
import { ask, path } from "../../api.js";
import { bytes, count, duration, percent } from "../../format.js";
import { Badge } from "../../parts/badge.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { question } from "../../parts/dialog.js";
import { ErrorBox } from "../../parts/error-box.js";
import { SelectField, TextField } from "../../parts/field.js";
import { Table } from "../../parts/table.js";
import { notify } from "../../parts/toast.js";
import type { Status } from "../../status.js";
import { useResource } from "../../use-resource.js";

/** One of the two graphs that are held against each other. */
interface GraphFigures {
  readonly m: number;
  readonly ef_construct: number;
  readonly points: number | null;
  readonly dead: number | null;
  readonly bytes: number | null;
  readonly links_per_point: number | null;
  readonly recall: number | null;
  readonly p50_us: number | null;
  readonly p99_us: number | null;
}

/** A canary as `GET /murmur/collections/{c}/canary` tells it. */
interface CanaryStatus {
  readonly vector: string;
  readonly state: "building" | "following" | "ended";
  readonly reason: string | null;
  readonly share: number;
  readonly lag: { readonly vectors: number | null; readonly seconds: number | null };
  readonly queries: { readonly compared: number; readonly overlap: number | null };
  readonly first: GraphFigures;
  readonly canary: GraphFigures;
}

/** A graph that is being made in place of the one that serves, everywhere. */
interface Promotion {
  readonly vector: string;
  readonly m: number;
  readonly ef_construct: number;
  readonly replica_id: number | bigint;
}

interface CanaryAnswer {
  readonly canary: CanaryStatus | null;
  readonly promotions: readonly Promotion[];
}

const REFRESH_MS = 3_000;

type Figure = readonly [title: string, show: (graph: GraphFigures) => string];

const shown = (value: number | null, show: (value: number) => string) => (value === null ? "–" : show(value));

const figures: readonly Figure[] = [
  ["m, ef_construct", ({ m, ef_construct: ef }) => `${m}, ${ef}`],
  ["Recall", ({ recall }) => shown(recall, percent)],
  ["Latency, half of queries within", (graph) => shown(graph.p50_us, (us) => duration(us / 1e6))],
  ["Latency, 99 of 100 within", (graph) => shown(graph.p99_us, (us) => duration(us / 1e6))],
  ["Memory", (graph) => shown(graph.bytes, bytes)],
  ["Points", ({ points }) => shown(points, count)],
  ["Links of a point", (graph) => shown(graph.links_per_point, (links) => links.toFixed(1))],
];

const graph = (vector: string) => (vector === "" ? "the unnamed vector" : <Data text={vector} max={60} isBrief />);

function Sides({ status }: { readonly status: CanaryStatus }) {
  const { reason, lag, queries, vector, share } = status;
  return (
    <>
      <p class="soft">
        A second graph of {graph(vector)}, asked {percent(share)} of the queries too: {count(queries.compared)} were
        compared
        {queries.overlap === null ? "" : `, whose answers are ${percent(queries.overlap)} as good or better`}
        {(lag.vectors ?? 0) > 0 ? `; ${count(lag.vectors ?? 0)} vectors behind` : ""}.
      </p>
      {reason === null ? null : (
        <p class="field-error">
          <Data text={reason} max={400} />
        </p>
      )}
      <Table<Figure>
        caption="The graph that serves, and the canary"
        rows={figures}
        keyOf={([title]) => title}
        columns={[
          { title: "Figure", isRowHeader: true, cell: ([title]) => title },
          { title: "Serves", isNumber: true, cell: ([, show]) => show(status.first) },
          { title: "Canary", isNumber: true, cell: ([, show]) => show(status.canary) },
        ]}
      />
    </>
  );
}

interface StartProps {
  readonly vectors: readonly string[];
  readonly onStart: (wish: object) => void;
}

const optionalNumber = (text: string) => (text.trim() === "" ? undefined : Number(text));

function Start({ vectors, onStart }: StartProps) {
  const [vector, setVector] = useState(vectors[0] ?? "");
  const [links, setLinks] = useState("");
  const [width, setWidth] = useState("");
  const [share, setShare] = useState("5");
  const numbers = [links, width, share].map(optionalNumber);
  const isReady = numbers.every((value) => value === undefined || value > 0) && (links !== "" || width !== "");
  return (
    <form
      class="stack configuration-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isReady) return;
        const [m, ef, percents] = numbers;
        onStart({ vector, m, ef_construct: ef, share: percents === undefined ? undefined : percents / 100 });
      }}
    >
      <p class="soft">
        Would other parameters find more, or be quicker? A second graph is built beside the one that serves, on this
        replica alone, and a share of the queries is asked of both. It changes no answer.
      </p>
      <div class="grid">
        <SelectField
          label="Vector"
          value={vector}
          onChange={setVector}
          options={vectors.map((name) => ({ value: name, label: name === "" ? "unnamed" : name.slice(0, 80) }))}
        />
        <TextField label="Links a point (m)" type="number" value={links} onInput={setLinks} hint="empty: as now" />
        <TextField
          label="Candidates (ef_construct)"
          type="number"
          value={width}
          onInput={setWidth}
          hint="empty: as now"
        />
        <TextField label="Share of queries in percent" type="number" value={share} onInput={setShare} />
      </div>
      <div class="row">
        <button type="submit" disabled={!isReady}>
          Start a canary
        </button>
      </div>
    </form>
  );
}

export interface CanaryProps {
  readonly collection: string;
  /** Names of the vectors that have a graph. */
  readonly vectors: readonly string[];
}

/** The second graph beside the one that serves: both side by side, and what is to become of it. */
export function Canary({ collection, vectors }: CanaryProps) {
  const route = path`/murmur/collections/${collection}/canary`;
  const loaded = useResource<CanaryAnswer>((signal) => ask("GET", route, { signal }), [collection], REFRESH_MS);
  const status = useResource<Status>((signal) => ask("GET", "/murmur/status", { signal }), []);
  if (loaded.value === undefined || vectors.length === 0) {
    return <ErrorBox what="The canary could not be looked at" error={loaded.error} onRetry={loaded.reload} />;
  }
  const { canary, promotions } = loaded.value;
  const change = async (method: string, at: string, done: string, body?: object) => {
    try {
      await ask(method, at, body === undefined ? {} : { body });
      notify(done);
    } catch (error) {
      notify(`Nothing was done: ${(error as Error).message}`, "failed");
    }
    loaded.reload();
  };
  /** What is given up is what this replica makes; it takes any canary here with it, and the other way round. */
  const isOwn = ({ replica_id: by }: Promotion) => String(by) === String(status.value?.replica_id);
  const start = async (wish: object) => {
    const text =
      "Build a second graph on this replica? It takes work and memory, and the share of the queries is answered twice; what they answer stays the same.";
    if (!(await question({ title: "Start a canary?", text, action: "Start the canary" }))) return;
    await change("POST", route, "The canary was started.", wish);
  };
  const giveUp = async () => {
    const also = canary === null ? "" : " The canary on this replica is dropped with it.";
    const text = `Give up the promotion on every replica? What was made of the new graph is thrown away everywhere, and the graph from before goes on serving.${also}`;
    if (!(await question({ title: "Give up the promotion?", text, action: "Give it up", isDangerous: true }))) return;
    await change("DELETE", route, "The promotion was given up.");
  };
  const drop = async () => {
    const also = promotions.some(isOwn)
      ? " The promotion that this replica makes is given up with it, on every replica."
      : "";
    const text = `Drop the second graph on this replica, with what was measured? The graph that serves stays as it is.${also}`;
    if (!(await question({ title: "Drop the canary?", text, action: "Drop the canary", isDangerous: true }))) return;
    await change("DELETE", route, "The canary was dropped.");
  };
  const promote = async () => {
    const text =
      "Have every replica link this vector by the canary's parameters? Another graph is made everywhere, which takes work and memory, and takes the place of the one that serves when it is whole.";
    if (!(await question({ title: "Promote the canary?", text, action: "Promote the canary" }))) return;
    await change("POST", `${route}/promote`, "The canary was promoted: the graph is being made everywhere.");
  };
  const moods = { building: "neutral", following: "good", ended: "bad" } as const;
  return (
    <Card
      title="Canary"
      aside={
        canary === null ? undefined : (
          <>
            <Badge mood={moods[canary.state]}>{canary.state}</Badge>
            <button type="button" disabled={canary.state !== "following"} onClick={() => void promote()}>
              Promote
            </button>
            <button type="button" class="danger" onClick={() => void drop()}>
              Drop
            </button>
          </>
        )
      }
    >
      <ErrorBox what="The canary could not be looked at again" error={loaded.error} onRetry={loaded.reload} />
      {promotions.map((promotion) => (
        <p key={promotion.vector}>
          Being made everywhere: a graph of {graph(promotion.vector)} with m {promotion.m} and ef_construct{" "}
          {promotion.ef_construct}, linked by replica {String(promotion.replica_id)}. Until it is whole, the graph from
          before answers.{" "}
          {isOwn(promotion) ? (
            <button type="button" class="small danger" onClick={() => void giveUp()}>
              Give it up
            </button>
          ) : (
            <span class="soft">It can be given up on that replica alone.</span>
          )}
        </p>
      ))}
      {canary === null ? (
        promotions.length === 0 ? (
          <Start vectors={vectors} onStart={(wish) => void start(wish)} />
        ) : null
      ) : (
        <Sides status={canary} />
      )}
    </Card>
  );
}
