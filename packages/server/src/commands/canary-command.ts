import type { AskServer } from "./erase-points.js";

/** What is done with a canary. */
export const canaryActions = ["start", "status", "promote", "drop"] as const;
export type CanaryAction = (typeof canaryActions)[number];

/** The options of `murmur canary`. */
export interface CanaryFlags {
  readonly collection?: string;
  readonly vector?: string;
  readonly m?: number;
  readonly efConstruction?: number;
  readonly share?: number;
}

interface Graph {
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

/** A canary as a server tells of it. */
interface Canary {
  readonly collection: string;
  readonly vector: string;
  readonly state: string;
  readonly reason: string | null;
  readonly share: number;
  readonly restarts: number;
  readonly lag: { readonly vectors: number | null; readonly seconds: number | null };
  readonly queries: {
    readonly seen: number;
    readonly passed_over: number;
    readonly compared: number;
    readonly exact: number;
    readonly dropped: number;
    readonly overlap: number | null;
  };
  readonly first: Graph;
  readonly canary: Graph;
}

/** What a server answers. */
interface Answer {
  readonly canary: Canary | null;
  readonly promotions: readonly {
    readonly vector: string;
    readonly m: number;
    readonly ef_construct: number;
    readonly replica_id: number;
  }[];
}

interface Outcome {
  readonly json: object;
  readonly text: string;
}

const MEBIBYTE = 1024 * 1024;
const shown = (value: number | null, digits: number, unit = "") =>
  value === null ? "-" : `${value.toFixed(digits)}${unit}`;

const rows: readonly (readonly [string, (graph: Graph) => string])[] = [
  ["m", ({ m }) => String(m)],
  ["ef_construct", ({ ef_construct }) => String(ef_construct)],
  ["points", ({ points }) => shown(points, 0)],
  ["dead", ({ dead }) => shown(dead, 0)],
  ["memory", ({ bytes }) => shown(bytes === null ? null : bytes / MEBIBYTE, 1, " MiB")],
  ["links per point", (graph) => shown(graph.links_per_point, 1)],
  ["recall", ({ recall }) => shown(recall, 4)],
  ["p50", ({ p50_us }) => shown(p50_us, 0, " µs")],
  ["p99", ({ p99_us }) => shown(p99_us, 0, " µs")],
];

function tableOf({ first, canary }: Canary): string {
  const lines = [["", "first", "canary"], ...rows.map(([name, read]) => [name, read(first), read(canary)])];
  return lines
    .map(([name = "", one = "", other = ""]) => `${name.padEnd(16)} ${one.padStart(12)} ${other.padStart(12)}\n`)
    .join("");
}

/** How a canary does, for people. */
function describeCanary(canary: Canary): string {
  const { queries, lag } = canary;
  const named = canary.vector === "" ? "" : `, vector ${canary.vector}`;
  const reason = canary.reason === null ? "" : `: ${canary.reason}`;
  const share = `${(canary.share * 100).toFixed(1)} % of the queries are asked of both`;
  return [
    `canary of ${canary.collection}${named}: ${canary.state}${reason}\n`,
    `${share}; ${queries.seen} seen, ${queries.compared} compared, ${queries.exact} of them with exact search, `,
    `${queries.passed_over} passed over, ${queries.dropped} dropped; overlap ${shown(queries.overlap, 4)}\n`,
    `behind by ${shown(lag.vectors, 0)} vectors, ${shown(lag.seconds, 1, " s")}\n`,
    tableOf(canary),
  ].join("");
}

function outcomeOf(answer: Answer): Outcome {
  const { canary, promotions } = answer;
  const making = promotions.map(
    ({ vector, m, ef_construct, replica_id }) =>
      `replica ${replica_id} links vector ${JSON.stringify(vector)} anew by m ${m} and ef_construct ${ef_construct}, for all\n`,
  );
  const text = canary === null ? "there is no canary\n" : describeCanary(canary);
  return { json: answer, text: [...making, text].join("") };
}

/** Start, look at, promote or drop the canary of a running server. */
export async function canaryAt(ask: AskServer, action: CanaryAction, flags: CanaryFlags): Promise<Outcome> {
  if (flags.collection === undefined) throw new Error("say which collection: --collection NAME");
  const path = `/murmur/collections/${encodeURIComponent(flags.collection)}/canary`;
  switch (action) {
    case "start": {
      const body = {
        ...(flags.vector === undefined ? {} : { vector: flags.vector }),
        ...(flags.m === undefined ? {} : { m: flags.m }),
        ...(flags.efConstruction === undefined ? {} : { ef_construct: flags.efConstruction }),
        ...(flags.share === undefined ? {} : { share: flags.share }),
      };
      return outcomeOf((await ask("POST", path, body)) as Answer);
    }
    case "status":
      return outcomeOf((await ask("GET", path)) as Answer);
    case "promote":
      return outcomeOf((await ask("POST", `${path}/promote`)) as Answer);
    case "drop": {
      const dropped = (await ask("DELETE", path)) === true;
      return { json: { dropped }, text: dropped ? "the canary is dropped\n" : "there was no canary\n" };
    }
  }
}
