import {
  covers,
  decodeToken,
  emptyVersionVector,
  type LogEntry,
  type LoggedOperation,
  type Operation,
  operationsOf,
  type SessionToken,
  SYSTEM_SHARD,
  sequenceOf,
  type VersionVector,
} from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import type { AnyManifest } from "./backup-place.js";
import { COMMIT_MS_MAX, type LogSegment } from "./log-segment.js";

// To which moment a restore goes. A moment is one of the hybrid clock that operations carry: what an operation follows is earlier than it (Kulkarni et al., 2014), so that all that are
// not later than a moment hold everything that they follow, whichever replicas wrote them.

/** A moment, or what a session had seen. */
export type Moment = { readonly atMs: number } | { readonly token: SessionToken };

/** Milliseconds since 1970 of `2026-11-28T20:00:00Z`, with a fraction or another offset where they are given. Throws `bad-request`. */
export function parseMoment(text: string): Moment {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const atMs = isTime ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) {
    throw new MurmurationError("bad-request", `--at: "${text.slice(0, 64)}" is no time as 2026-11-28T20:00:00Z`, "at");
  }
  return { atMs };
}

/** What the token of an answer says that had been seen (docs/consistency.md). Throws `format`. */
export function parseFrontier(text: string): Moment {
  return { token: decodeToken(text, "--at-frontier") };
}

/** No operation in the backup is later. */
export const latestMs = ({ clock, created }: AnyManifest) => clock?.wall_ms ?? Date.parse(created);
/** It holds everything that its replica had until then. */
const wholeUntilMs = (manifest: AnyManifest) =>
  Math.max(latestMs(manifest), Date.parse(manifest.created) - COMMIT_MS_MAX);

/** The backup to begin with, and what of the same replica goes on until the moment: segments of its log, and a later backup. Without either, the first is of the moment itself. */
export interface Steps {
  readonly base: AnyManifest;
  readonly segments: readonly LogSegment[];
  readonly later: AnyManifest | undefined;
}

/** What a restore to this moment may begin with, the best first. Throws `bad-request` that names what is held, where there is nothing. */
export function stepsTo(
  moment: Moment,
  manifests: readonly AnyManifest[],
  segments: readonly LogSegment[] = [],
): Steps[] {
  const byReplica = Map.groupBy(manifests, ({ contents }) => contents.replica_id);
  const found = [...byReplica].flatMap(([replica, of]): Steps[] => {
    const sorted = [...of].sort((a, b) => (a.name < b.name ? -1 : 1));
    const base = sorted.findLast((one) => isBefore(one, moment));
    if (base === undefined) return [];
    const { position } = base.contents;
    // the next one holds something later than the moment, or it would be the base; of a token it need not hold all
    const rest = sorted.slice(sorted.indexOf(base) + 1);
    const later = "atMs" in moment ? rest[0] : rest.find((one) => isWholeAt(one, moment));
    const behind = segments.filter(({ replicaId, to }) => replicaId === replica && to > position);
    const bySegments = segmentsTo(moment, behind);
    // segments are less to fetch than a whole backup, which may hold what they lack
    if (later !== undefined)
      return [...bySegments.map((of) => ({ base, segments: of, later: undefined })), { base, segments: behind, later }];
    if (bySegments.length > 0) return bySegments.map((of) => ({ base, segments: of, later }));
    return isWholeAt(base, moment) ? [{ base, segments: behind, later }] : [];
  });
  if (found.length === 0) {
    throw new MurmurationError("bad-request", `${outside(moment)}: ${heldText(manifests, segments)}`);
  }
  return found.sort((a, b) => latestMs(b.base) - latestMs(a.base));
}

/** The segments that go on to a moment: until one of them holds something later, or the last one is whole until then. None, or one list. */
function segmentsTo(moment: Moment, behind: readonly LogSegment[]): LogSegment[][] {
  // they say nothing of frontiers: what a token has seen is looked for in all of them
  if ("token" in moment) return behind.length === 0 ? [] : [[...behind]];
  const beyond = behind.findIndex(({ latestMs }) => latestMs > moment.atMs);
  if (beyond >= 0) return [behind.slice(0, beyond + 1)];
  return (behind.at(-1)?.wholeUntilMs ?? 0) >= moment.atMs ? [[...behind]] : [];
}

/** Is nothing in the backup that is later than the moment? */
function isBefore(manifest: AnyManifest, moment: Moment): boolean {
  if ("atMs" in moment) return latestMs(manifest) <= moment.atMs;
  return [...moment.token].every(([shard, seen]) => covers(seen, frontierOf(manifest, shard)));
}

/** Is everything in the backup that its replica had at the moment? */
function isWholeAt(manifest: AnyManifest, moment: Moment): boolean {
  if ("atMs" in moment) return wholeUntilMs(manifest) >= moment.atMs;
  return [...moment.token].every(([shard, seen]) => covers(frontierOf(manifest, shard), seen));
}

function frontierOf({ contents, catalogue_frontier = {} }: AnyManifest, shard: string): VersionVector {
  const found = contents.collections.find((one) => one.shard === shard)?.frontier ?? {};
  const frontier = shard === SYSTEM_SHARD ? catalogue_frontier : found;
  return new Map(Object.entries(frontier).map(([origin, sequence]) => [Number(origin), sequence]));
}

const timeText = (ms: number) => new Date(ms).toISOString();
const outside = (moment: Moment) =>
  "atMs" in moment ? `the moment ${timeText(moment.atMs)} is not held` : "what the token has seen is not held";

function heldText(manifests: readonly AnyManifest[], segments: readonly LogSegment[]): string {
  if (manifests.length === 0) return "there is no backup that can be read";
  const from = Math.min(...manifests.map(latestMs));
  const to = Math.max(...manifests.map(wholeUntilMs), ...segments.map((one) => one.wholeUntilMs));
  return `backups go from ${timeText(from)} to ${timeText(to)}`;
}

/** Operations of one replica's log, by their positions there. */
export interface HeldLog {
  read(after: number): Iterable<LogEntry>;
}

/** What several sources hold together of one log: each by its positions, some in more than one. */
export function heldTogether(sources: readonly HeldLog[]): HeldLog {
  return {
    *read(after) {
      const open = sources.map((source) => source.read(after)[Symbol.iterator]());
      const heads = open.map((entries) => entries.next());
      try {
        for (;;) {
          let first: LogEntry | undefined;
          for (const { value, done } of heads) {
            if (done !== true && (first === undefined || value.position < first.position)) first = value;
          }
          if (first === undefined) return;
          const { position } = first;
          for (const [i, head] of heads.entries()) {
            if (head.done !== true && head.value.position === position)
              heads[i] = (open[i] as Iterator<LogEntry>).next();
          }
          yield first;
        }
      } finally {
        for (const entries of open) entries.return?.();
      }
    },
  };
}

/** What of a log belongs to a moment. */
export interface Cut {
  readonly moment: Moment;
  /** The replica whose log it is, and how far the log goes. */
  readonly replicaId: number;
  readonly last: number;
  /** Where the base ends. */
  readonly after: number;
  /** No operation of the base is later. */
  readonly baseMs: number;
}

/**
 * The operations of a log behind the base that are not later than the moment, in the order in which they came. Throws `bad-request` where operations are missing that might be of it: compaction
 * has dropped them, or their collection was deleted since.
 */
export function* operationsUntil(log: HeldLog, cut: Cut): Iterable<LoggedOperation> {
  const { moment, replicaId, after, last } = cut;
  const isWithin = "atMs" in moment ? isNotLater(moment.atMs) : isSeen(moment.token, () => momentOf(log, cut));
  let next = after + 1;
  let isBeyond = false;
  let lastMs = cut.baseMs;
  for (const one of operationsOf(log.read(after))) {
    const { operation, entry } = one;
    if (entry.position !== next) {
      // its own operations are later and later: what is missing here is, too, but for what came late from others
      if (isBeyond) return;
      throw missing(moment, lastMs, operation.time.wallMs);
    }
    next++;
    lastMs = Math.max(lastMs, operation.time.wallMs);
    if (isWithin(operation)) yield one;
    else if ("atMs" in moment && operation.origin === replicaId) isBeyond = true;
  }
  if (next <= last && !isBeyond) throw missing(moment, lastMs, undefined);
}

const isNotLater =
  (atMs: number) =>
  ({ time }: Operation): boolean =>
    time.wallMs <= atMs;

/** Of shards that the token is about, what it has seen; of others, and of the catalogue, what is not later than that. */
function isSeen(token: SessionToken, latest: () => number): (operation: Operation) => boolean {
  let atMs: number | undefined;
  return ({ shard, origin, sequence, time }) => {
    const seen = token.get(shard);
    if (seen !== undefined && sequence <= sequenceOf(seen, origin)) return true;
    if (seen !== undefined && shard !== SYSTEM_SHARD) return false;
    atMs ??= latest();
    return time.wallMs <= atMs;
  };
}

/** The latest time of what a token has seen. */
function momentOf(log: HeldLog, { moment, after, baseMs }: Cut): number {
  let latest = baseMs;
  if (!("token" in moment)) return latest;
  for (const { operation } of operationsOf(log.read(after))) {
    const { shard, origin, sequence, time } = operation;
    if (shard !== SYSTEM_SHARD && sequence <= sequenceOf(moment.token.get(shard) ?? emptyVersionVector, origin)) {
      latest = Math.max(latest, time.wallMs);
    }
  }
  return latest;
}

function missing(moment: Moment, fromMs: number, toMs: number | undefined): MurmurationError {
  const until = toMs === undefined ? "" : ` and ${timeText(Math.max(fromMs, toMs))}`;
  return new MurmurationError(
    "bad-request",
    `${outside(moment)}: operations that were written after ${timeText(fromMs)}${until} are in no backup any more (their log was compacted, or their collection deleted)`,
  );
}
