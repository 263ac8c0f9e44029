import { type Answer, askAnswer, urlOf } from "../../api.js";
import { type ApiRequest, pathOf } from "../../requests/api-request.js";
import { readServerTiming, type TimedPart } from "../../requests/server-timing.js";

/** A request's answer, and where its time went. */
export interface Sent {
  readonly request: ApiRequest;
  readonly answer: Answer;
  readonly parts: readonly TimedPart[];
  readonly firstByteMs: number | undefined;
  readonly bytes: number;
  readonly transferBytes: number | undefined;
}

/** What the browser noted of the latest request to this URL. */
function noted(url: string): PerformanceResourceTiming | undefined {
  return performance.getEntriesByName(url, "resource").at(-1) as PerformanceResourceTiming | undefined;
}

/** Sends a request as it stands, and asks the server where its time goes. `body`: its text, as it was typed. */
export async function sendRequest(request: ApiRequest, body: string | undefined, signal: AbortSignal): Promise<Sent> {
  const path = pathOf(request);
  performance.clearResourceTimings();
  const answer = await askAnswer(request.method, path, {
    headers: { "x-murmur-timing": "1" },
    signal,
    ...(body === undefined ? {} : { body }),
  });
  const entry = noted(urlOf(path).href);
  const firstByteMs =
    entry === undefined || entry.responseStart === 0 ? undefined : entry.responseStart - entry.startTime;
  return {
    request,
    answer,
    parts: readServerTiming(answer.headers.get("server-timing")),
    firstByteMs,
    bytes: new Blob([answer.text]).size,
    transferBytes: entry?.transferSize,
  };
}
