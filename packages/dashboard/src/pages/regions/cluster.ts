import type { Mood } from "../../parts/badge.js";

/** `GET /murmur/cluster` */
export interface Cluster {
  readonly enabled: boolean;
  readonly replica_id: number;
  readonly cluster: string | null;
  readonly region: string | null;
  readonly refuses_writes: string | null;
  readonly members: readonly {
    readonly id: number;
    readonly region: string;
    readonly url: string | null;
    readonly state: string;
  }[];
  readonly peers: readonly Peer[];
}

/** What this replica knows of another one. */
export interface Peer {
  readonly id: number;
  readonly region: string | null;
  readonly is_member: boolean;
  readonly suspect: boolean;
  readonly silent_ms: number | null;
  readonly lag_operations: number;
  readonly lag_seconds: number;
  readonly clock_offset_ms: number | null;
}

/** The connection to the broker of a region. */
export interface Link {
  readonly region: string;
  readonly state: string;
  readonly breaker: string;
  readonly round_trip_ms: number | null;
  readonly last_error: string | null;
}

/** Something that was refused or went wrong. */
export interface Incident {
  readonly reason: string;
  readonly detail: string;
  readonly times: number;
  readonly first: string;
  readonly last: string;
}

/** `GET /murmur/replication`, as far as it is shown. */
export interface Replication {
  readonly refused?: Readonly<Record<string, number>>;
  readonly incidents?: readonly Incident[];
  readonly inbox_bytes?: number;
  readonly operation_format?: number;
  readonly need_snapshot?: readonly string[];
  readonly reconciliation?: {
    readonly rounds: number;
    readonly equal: number;
    readonly differing: number;
    readonly repaired_points: number;
    readonly repaired_lists: number;
  };
  readonly transport?: {
    readonly connected: boolean;
    readonly queued_bytes: number;
    readonly links: readonly Link[];
  };
}

/** A member as the page shows it. */
export interface Member {
  readonly id: number;
  readonly region: string;
  readonly url: string | null;
  readonly isHere: boolean;
  readonly isEvicted: boolean;
  /** Missing for the replica that is asked, and for one that was evicted. */
  readonly peer: Peer | undefined;
  readonly link: Link | undefined;
  readonly mood: Mood;
  /** How it is, in a few words. */
  readonly state: string;
}

/** A lag or a clock beyond this is worth a look (docs/operations.md, "Watch"). */
const LAG_SECONDS = 1;
const CLOCK_MS = 1_000;

function standing(
  cluster: Cluster,
  id: number,
  state: string,
  peer: Peer | undefined,
  link: Link | undefined,
): [Mood, string] {
  if (state === "evicted") return ["neutral", "evicted"];
  if (id === cluster.replica_id)
    return cluster.refuses_writes === null ? ["good", "this replica"] : ["bad", "refuses writes"];
  if (peer === undefined || peer.silent_ms === null) return ["bad", "never heard"];
  if (peer.suspect) return ["bad", "silent"];
  if (link !== undefined && link.state !== "connected") return ["warning", "link down"];
  if (link?.breaker === "open") return ["warning", "link slow"];
  if (peer.lag_seconds > LAG_SECONDS) return ["warning", "behind"];
  if (Math.abs(peer.clock_offset_ms ?? 0) > CLOCK_MS) return ["warning", "clock off"];
  return ["good", "in touch"];
}

/** All members, this replica first, then by region. */
export function membersOf(cluster: Cluster, { transport }: Replication): Member[] {
  return cluster.members
    .map(({ id, region, url, state }) => {
      const isHere = id === cluster.replica_id;
      const peer = cluster.peers.find((one) => one.id === id);
      const link = isHere ? undefined : transport?.links.find((one) => one.region === region);
      const [mood, words] = standing(cluster, id, state, peer, link);
      return { id, region, url, isHere, isEvicted: state === "evicted", peer, link, mood, state: words };
    })
    .sort((a, b) => Number(b.isHere) - Number(a.isHere) || a.region.localeCompare(b.region, "en") || a.id - b.id);
}
