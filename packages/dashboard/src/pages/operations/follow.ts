import { askResponse, path, refusalOf } from "../../api.js";
import { duration } from "../../format.js";
import { EventStreamReader } from "./event-stream.js";
import { type ListedOperation, operationOf } from "./latest.js";

const RETRY_MS = 2_000;
/** Where nothing is written a server sends a sign of life every 15 s: a stream without any is cut off, though nobody said so. */
const SILENT_MS = 60_000;
const BAD_REQUEST = 400;

/** How the stream is. */
export type StreamState =
  /** `isGap`: what was written since it ended may be missing. */
  | { readonly kind: "connecting"; readonly isGap: boolean }
  | { readonly kind: "following" }
  | { readonly kind: "ended"; readonly error: Error }
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

const waitFor = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** How long is waited, for tests. */
export interface FollowTimes {
  readonly wait?: (ms: number) => Promise<void>;
  /** A stream of which nothing comes for so long has ended. */
  readonly silentMs?: number;
}

/**
 * Follows the changes of a collection until it is aborted; asks again where it ends, behind what it had. A token that the server refuses is given up: the
 * stream goes on with what is written from then on, and says that there is a gap.
 */
export async function follow(
  collection: string,
  onOperations: (operations: readonly ListedOperation[]) => void,
  onState: (state: StreamState) => void,
  abort: AbortSignal,
  { wait = waitFor, silentMs = SILENT_MS }: FollowTimes = {},
): Promise<void> {
  let number = 0;
  let lastId = "";
  let isGap = false;
  while (!abort.aborted) {
    const reader = new EventStreamReader();
    reader.lastId = lastId;
    try {
      onState({ kind: "connecting", isGap });
      isGap = false;
      const headers = { accept: "text/event-stream", ...(lastId === "" ? {} : { "last-event-id": lastId }) };
      const target = `${path`/murmur/collections/${collection}/changes`}?with_payload=true`;
      const response = await askResponse("GET", target, { headers, signal: abort });
      if (!response.ok || response.body === null) {
        const refusal = refusalOf({ status: response.status, text: await response.text() });
        if (response.status === BAD_REQUEST && refusal !== undefined) {
          if (lastId === "") return onState({ kind: "given_up", error: refusal });
          reader.lastId = "";
          isGap = true;
        }
        throw refusal ?? new Error("the stream is empty");
      }
      onState({ kind: "following" });
      for await (const piece of piecesOf(response.body, silentMs)) {
        const events = reader.take(piece);
        const operations = events.map((event) => operationOf(event, ++number)).filter((one) => one !== undefined);
        if (operations.length > 0) onOperations(operations);
        const end = events.find(({ event }) => event === "end");
        if (end !== undefined) throw new Error(`the server ended the stream: ${reasonIn(end.data)}`);
      }
      throw new Error("the stream ended");
    } catch (error) {
      if (abort.aborted) return;
      onState({ kind: "ended", error: error as Error });
    }
    lastId = reader.lastId;
    await wait(reader.retryMs ?? RETRY_MS);
  }
}
