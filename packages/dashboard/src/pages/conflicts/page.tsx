import { ask, path } from "../../api.js";
import { count, moment } from "../../format.js";
import { type Id, PointLink } from "../../looking/link-to-point.js";
import type { PageProps } from "../../page.js";
import { Badge } from "../../parts/badge.js";
import { Busy } from "../../parts/busy.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { ErrorBox } from "../../parts/error-box.js";
import { JsonView } from "../../parts/json-view.js";
import { useResource } from "../../use-resource.js";
import "../../looking/looking.css";

const SHOWN = 50;
const REFRESH_MS = 5_000;

/** One of two writes, as `GET /murmur/collections/{c}/conflicts` tells it. */
interface Side {
  readonly origin: number;
  readonly dot: string | null;
  readonly time_ms: number;
  readonly counter: number;
  readonly in_log: boolean;
  readonly kind?: string;
  readonly payload?: unknown;
  readonly payload_bytes?: number;
  readonly removes?: readonly string[];
  readonly vectors?: readonly { readonly name: string; readonly size: number; readonly begins?: readonly number[] }[];
}

interface Conflict {
  readonly number: number;
  readonly id: Id;
  readonly parts: readonly string[];
  readonly more_parts?: number;
  readonly winner: "first" | "second";
  readonly reason: string;
  readonly first: Side;
  readonly second: Side;
}

interface Told {
  readonly replica: number;
  readonly seen: number;
  readonly conflicts: readonly Conflict[];
}

const noRegions: ReadonlyMap<number, string> = new Map();

const digits = (value: number) => String(Number(value.toPrecision(5)));

/** What the two sides of a conflict wrote. */
function Written({ side }: { readonly side: Side }) {
  const { in_log: isInLog, payload, payload_bytes: bytes, removes, vectors = [] } = side;
  if (!isInLog) return <p class="soft">What it wrote is not in the log any more.</p>;
  return (
    <>
      {payload === undefined ? null : <JsonView value={payload} openDepth={1} />}
      {payload === undefined && bytes !== undefined ? <p class="soft">A payload of {count(bytes)} bytes.</p> : null}
      {removes === undefined ? null : (
        <p>
          Removes <Data text={removes.join(", ")} />
        </p>
      )}
      {vectors.map(({ name, size, begins }) => (
        <p key={name}>
          {name === "" ? "Vector" : <Data text={name} max={40} isBrief />}:{" "}
          <span class="mono">
            {begins === undefined ? "" : `[${begins.map(digits).join(", ")}${begins.length < size ? ", …" : ""}]`}
          </span>{" "}
          <span class="soft">{count(size)} numbers</span>
        </p>
      ))}
    </>
  );
}

interface SideProps {
  readonly side: Side;
  readonly title: string;
  readonly hasWon: boolean;
  /** By replica, as far as they are known. */
  readonly regions: ReadonlyMap<number, string>;
}

function SideBox({ side, title, hasWon, regions }: SideProps) {
  const { origin, dot, time_ms: timeMs, counter, kind } = side;
  const region = regions.get(origin);
  return (
    <div class={`side-box ${hasWon ? "side-won" : ""}`}>
      <h3>
        {title}
        {hasWon ? <Badge mood="good">stands</Badge> : <Badge mood="neutral">lost</Badge>}
      </h3>
      <p>
        {kind === undefined ? "a write" : kind} by{" "}
        {region === undefined ? null : <Data text={region} max={40} isBrief />}
        {region === undefined ? "" : ", "}replica {origin}
        {dot === null ? null : <span class="soft"> ({dot})</span>}
      </p>
      <p class="soft">
        {moment(timeMs)}
        {`.${String(timeMs % 1_000).padStart(3, "0")}`}
        {counter === 0 ? "" : `, counter ${counter}`}
      </p>
      <Written side={side} />
    </div>
  );
}

/** Regions by the replicas that they have; none where whoever asks may not see the cluster. */
async function loadRegions(signal: AbortSignal): Promise<ReadonlyMap<number, string>> {
  try {
    const { members = [] } = await ask<Cluster>("GET", "/murmur/cluster", { signal });
    return new Map(members.map(({ id, region }) => [id, region]));
  } catch {
    return new Map();
  }
}

interface Cluster {
  readonly members?: readonly { readonly id: number; readonly region: string }[];
}

/** Writes of one point that did not know of each other: both sides, which of them stands, and why. */
export function Page({ params }: PageProps) {
  const collection = params["collection"] ?? "";
  const { value, error, reload } = useResource(
    (signal) => ask<Told>("GET", `${path`/murmur/collections/${collection}/conflicts`}?limit=${SHOWN}`, { signal }),
    [collection],
    REFRESH_MS,
  );
  const { value: regions = noRegions } = useResource(loadRegions, []);
  return (
    <div class="stack">
      <ErrorBox what="The conflicts could not be read" error={error} onRetry={reload} />
      {value === undefined && error === undefined ? <Busy /> : null}
      {value === undefined ? null : (
        <p class="soft">
          As replica {value.replica} has seen them since it was started: {count(value.seen)} in all collections. The
          latest {SHOWN} of this one are shown; every replica decides each of them in the same way.
        </p>
      )}
      {value?.conflicts.length === 0 ? (
        <p>No conflicts: no two replicas have written the same part of a point without knowing of each other.</p>
      ) : null}
      {value?.conflicts.map((one) => (
        <Card
          key={one.number}
          title={`Point ${String(one.id).slice(0, 60)}`}
          aside={<PointLink collection={collection} id={one.id} />}
        >
          <p>
            Both wrote <Data text={one.parts.join(", ")} />
            {one.more_parts === undefined ? "" : ` and ${one.more_parts} more`}: {one.reason}.
          </p>
          <div class="sides">
            <SideBox side={one.first} title="Was here first" hasWon={one.winner === "first"} regions={regions} />
            <SideBox side={one.second} title="Came then" hasWon={one.winner === "second"} regions={regions} />
          </div>
        </Card>
      ))}
    </div>
  );
}
