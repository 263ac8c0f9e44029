import { ApiError, askResponse, path, refusalOf } from "../../api.js";
import { duration } from "../../format.js";
import { EventStreamReader, type ServerEvent } from "./event-stream.js";
import { type ListedOperation, operationOf } from "./latest.js";

const RETRY_MS = 2_000;
const RETRY_MS_MAX = 60_000;
/** Where nothing is written a server sends a sign of life every 15 s: a stream without any is cut off, though nobody said so. */
const SILENT_MS = 60_000;
const BAD_REQUEST = 400;

/** How the stream is. */
export type StreamState =
  /** `isGap`: what was written since it ended may be missing. */
  | { readonly kind: "connecting"; readonly isGap: boolean }
  | { readonly kind: "following" }
  /** It is asked for again after the pause. */
  | { readonly kind: "ended"; readonly error: Error; readonly pauseMs: number }
  /** The server refuses the request itself: asking again would not help. */
  | { readonly kind: "given_up"; readonly error: Error };

/** What is read, or an error where nothing comes. */
function heard<Result>(reading: Promise<Result>, silentMs: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const end = () => reject(new Error(`nothing came for ${duration(silentMs / 1_000)}, not even a sign of life`));
    const timer = setTimeout(end, silentMs);
    reading.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function* piecesOf(body: ReadableStream<Uint8Array>, silentMs: number): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await heard(reader.read(), silentMs);
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function reasonIn(data: string): string {
  try {
    const { message, reason } = JSON.parse(data) as { readonly message?: unknown; readonly reason?: unknown };
    return String(message ?? reason ?? data).slice(0, 500);
  } catch {
    return data.slice(0, 500);
  }
}

const waitFor = (ms: number, abort: AbortSignal) =>
  new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      abort.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    abort.addEventListener("abort", end);
  });

/** How long is waited, for tests. */
export interface FollowTimes {
  readonly wait?: (ms: number, abort: AbortSignal) => Promise<void>;
  /** A stream of which nothing comes for so long has ended. */
  readonly silentMs?: number;
}

/** Statuses below 500 of what is refused for a while: too slow, too many. */
const PASSING: readonly number[] = [408, 429];

/** Would the same request be refused again? */
const isRefused = ({ status }: ApiError) => status >= 400 && status < 500 && !PASSING.includes(status);

/** Where a stream goes on. It outlives one that was refused, and is followed again with another key. */
export interface StreamPlace {
  /** What was seen, as the last event says it; "": nothing is known yet. */
  lastId: string;
  /** Operations that have come. */
  come: number;
}

/** As of which token a stream begins: what is written before its first operation comes would else be missed by who asks again. */
function tokenIn({ event, data }: ServerEvent): string | undefined {
  if (event !== "begin") return undefined;
  try {
    const { token } = JSON.parse(data) as { readonly token?: unknown };
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined;
  }
}

const isAboutItself = ({ event }: ServerEvent) => event === "begin" || event === "end";

/**
 * Follows the changes of a collection until it is aborted or refused; asks again where it ends, behind what it had, after pauses that double as long as it does not
 * go on. A token that the server refuses is given up: the stream goes on with what is written from then on, and says that there is a gap.
 */
export async function follow(
  collection: string,
  place: StreamPlace,
  onOperations: (operations: readonly ListedOperation[]) => void,
  onState: (state: StreamState) => void,
  abort: AbortSignal,
  { wait = waitFor, silentMs = SILENT_MS }: FollowTimes = {},
): Promise<void> {
  let isGap = false;
  let retryMs = RETRY_MS;
  let pauseMs = 0;
  while (!abort.aborted) {
    const reader = new EventStreamReader();
    reader.lastId = place.lastId;
    try {
      onState({ kind: "connecting", isGap });
      isGap = false;
      const from = place.lastId === "" ? {} : { "last-event-id": place.lastId };
      const target = `${path`/murmur/collections/${collection}/changes`}?with_payload=true`;
      const response = await askResponse("GET", target, {
        headers: { accept: "text/event-stream", ...from },
        signal: abort,
      });
      if (!response.ok || response.body === null) {
        const refusal = refusalOf({ status: response.status, text: await response.text() });
        isGap = response.status === BAD_REQUEST && place.lastId !== "";
        if (isGap) place.lastId = "";
        throw refusal ?? new Error("the stream is empty");
      }
      onState({ kind: "following" });
      for await (const piece of piecesOf(response.body, silentMs)) {
        const events = reader.take(piece);
        // a stream that begins and ends at once has not gone on
        if (!events.some(isAboutItself)) pauseMs = 0;
        if (place.lastId === "") place.lastId = events.map(tokenIn).find((token) => token !== undefined) ?? "";
        const operations = events
          .map((event) => operationOf(event, ++place.come))
          .filter((operation) => operation !== undefined);
        if (operations.length > 0) onOperations(operations);
        if (reader.lastId !== "") place.lastId = reader.lastId;
        const end = events.find(({ event }) => event === "end");
        if (end !== undefined) throw new Error(`the server ended the stream: ${reasonIn(end.data)}`);
      }
      throw new Error("the stream ended");
    } catch (error) {
      if (abort.aborted) return;
      if (!isGap && error instanceof ApiError && isRefused(error)) return onState({ kind: "given_up", error });
      retryMs = reader.retryMs ?? retryMs;
      pauseMs = pauseMs === 0 ? retryMs : Math.max(retryMs, Math.min(2 * pauseMs, RETRY_MS_MAX));
      onState({ kind: "ended", error: error as Error, pauseMs });
    }
    await wait(pauseMs, abort);
  }
}
