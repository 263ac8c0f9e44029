import { type JsonObject, MurmurationError } from "@murmuration/index";
import { ContentDigest } from "./carried-point.js";
import { shapesOf } from "./collection-body.js";
import { openSink, type SinkFormat } from "./open-sink.js";
import { carriedOf, scrollPages } from "./scroll-points.js";
import { bodyFrom, collectionPage, type Server } from "./server.js";

/** What an export is asked for. */
export interface ExportOptions {
  readonly collection: string;
  readonly output: string;
  readonly format: SinkFormat;
  readonly filter?: JsonObject | undefined;
  /** All, none, or those of these names. */
  readonly vectors: boolean | readonly string[];
  readonly withPayload: boolean;
  readonly pagePoints: number;
  readonly isHeaderWanted: boolean;
  /** Refuses to leave anything behind. */
  readonly isStrict: boolean;
}

/** What became of it. */
export interface ExportReport {
  readonly collection: string;
  readonly format: string;
  readonly files: readonly string[];
  readonly points: number;
  /** Of what the points hold, as far as it was asked for (`ContentDigest`). */
  readonly digest: string;
  readonly left_out: readonly string[];
  readonly seconds: number;
  readonly points_per_second: number;
}

/** Who is told of an export while it runs. */
export interface ExportListener {
  /** Before anything is written. */
  readonly onStart: (leftOut: readonly string[], points: number | undefined) => void;
  readonly onProgress: (points: number) => void;
}

function wantedShapes(all: ReturnType<typeof shapesOf>, vectors: ExportOptions["vectors"]) {
  if (vectors === true) return all;
  if (vectors === false) return new Map<never, never>();
  const unknown = vectors.find((name) => !all.has(name));
  if (unknown === undefined) return new Map([...all].filter(([name]) => vectors.includes(name)));
  throw new MurmurationError(
    "bad-request",
    `the collection has no vector ${unknown}; it has ${[...all.keys()].join(", ")}`,
  );
}

/** What a server does not give out as it would have to be written again, whatever the format is. */
function changedBy(shapes: ReturnType<typeof shapesOf>): readonly string[] {
  return [...shapes].flatMap(([name, { kind, datatype, distance }]) => {
    if (kind !== "dense" || distance !== "Cosine" || datatype === "float32") return [];
    const what =
      datatype === "uint8"
        ? "the bytes, which are given out at unit length"
        : "the last bits, which may change when it is made to unit length again";
    return [`of vector ${name === "" ? "without a name" : name} (${datatype} by Cosine) ${what}`];
  });
}

/**
 * Writes the points of a collection to a file. Pages are each as of a moment of their own (`scrollPages`). Throws a `MurmurationError` where it cannot, or where
 * something is left behind and it is strict; then there is no file.
 */
export async function runExport(
  server: Server,
  options: ExportOptions,
  listener: ExportListener,
): Promise<ExportReport> {
  const { collection, vectors, withPayload, isStrict } = options;
  const page = await collectionPage(server, collection);
  if (page === undefined) throw new MurmurationError("not-found", `${server.url} has no collection ${collection}`);
  const body = bodyFrom(server, page);
  const shapes = wantedShapes(shapesOf(body), vectors);
  const sink = await openSink(options.format, { ...options, collection: body, shapes, withPayload });
  const leftOut = options.format === "digest" ? [] : [...sink.leftOut, ...changedBy(shapes)];
  const startedMs = performance.now();
  const digest = new ContentDigest();
  let points = 0;
  try {
    if (isStrict && leftOut.length > 0)
      throw new MurmurationError("unsupported", `${sink.format} cannot carry ${leftOut.join("; ")}`);
    const counted = (page as { readonly points_count?: unknown }).points_count;
    listener.onStart(leftOut, typeof counted === "number" && options.filter === undefined ? counted : undefined);
    for await (const { points: found } of scrollPages(server, options, null)) {
      const carried = found.map(carriedOf);
      for (const point of carried) digest.add(point);
      await sink.put(carried);
      points += carried.length;
      listener.onProgress(points);
    }
    await sink.end();
  } catch (error) {
    await sink.abandon();
    throw error;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    collection,
    format: sink.format,
    files: sink.files.filter((file) => file !== "-"),
    points,
    digest: digest.toString(),
    left_out: leftOut,
    seconds: Math.round(seconds * 1000) / 1000,
    points_per_second: Math.round(points / Math.max(seconds, 0.001)),
  };
}
