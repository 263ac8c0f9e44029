import { setTimeout as after } from "node:timers/promises";
import { type Json, MurmurationError } from "@murmuration/index";
import type { HttpClient } from "../http/http-client.js";
import { parseJson } from "../http/json.js";
import { answerBytesMax, pauseMsFirst, pauseMsMax, requestTimeoutMs } from "./transfer-limits.js";

/** A server that runs, and what it lets in. */
export interface Server {
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly client: Pick<HttpClient, "ask">;
  /** How long it is asked again where it is busy, full or away. */
  readonly patienceMs: number;
}

/** What it answers. */
export interface ServerAnswer {
  readonly status: number;
  /** `undefined`: no JSON. */
  readonly body: Json | undefined;
  /** What it says is wrong. */
  readonly error: string;
  /** Of the whole answer. */
  readonly characters: number;
}

/** Busy, full, or away for a while: everything else is an answer. */
const isPassing = (status: number) =>
  status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);

/** Milliseconds that `Retry-After` asks for, by seconds or by a date. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,6}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

function errorIn(body: Json | undefined, text: string): string {
  const object = body as
    | { readonly status?: { readonly error?: unknown }; readonly message?: unknown }
    | null
    | undefined;
  const said = object?.status?.error ?? object?.message;
  return typeof said === "string" ? said : text.slice(0, 500);
}

type Attempt =
  | { readonly answer: ServerAnswer; readonly pauseMs?: number | undefined }
  | { readonly answer?: undefined; readonly away: string };

async function attempt(server: Server, method: string, path: string, text: string | undefined): Promise<Attempt> {
  try {
    const headers = { ...server.headers, ...(text === undefined ? {} : { "content-type": "application/json" }) };
    const signal = AbortSignal.timeout(requestTimeoutMs);
    const url = server.url.replace(/\/+$/, "") + path;
    const {
      statusCode,
      body: bytes,
      headers: answered,
    } = await server.client.ask(url, { method, headers, body: text, signal, bytesMax: answerBytesMax });
    const said = bytes.toString();
    let body: Json | undefined;
    try {
      body = parseJson(said) as Json;
    } catch {
      body = undefined;
    }
    return {
      answer: { status: statusCode, body, error: errorIn(body, said), characters: said.length },
      pauseMs: retryAfterMs(answered["retry-after"], Date.now()),
    };
  } catch (error) {
    return { away: (error as Error).message };
  }
}

/**
 * Asks, and asks again with growing pauses (or those that `Retry-After` asks for) where the server is away, busy (408, 429), or cannot now (5xx), as long as its
 * patience lasts. Answers what it says in the end; throws `unavailable` where it says nothing.
 */
export async function ask(server: Server, method: string, path: string, text?: string): Promise<ServerAnswer> {
  const endMs = performance.now() + server.patienceMs;
  for (let pauseMs = pauseMsFirst; ; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
    const tried = await attempt(server, method, path, text);
    if (tried.answer !== undefined && !isPassing(tried.answer.status)) return tried.answer;
    const waitMs = Math.min((tried.answer === undefined ? undefined : tried.pauseMs) ?? pauseMs, pauseMsMax);
    if (performance.now() + waitMs <= endMs) {
      await after(waitMs);
      continue;
    }
    if (tried.answer !== undefined) return tried.answer;
    throw new MurmurationError("unavailable", `no answer from ${server.url}: ${tried.away}`);
  }
}

/** The error that an answer comes to that is none of what was asked for. */
export function refusalOf({ url }: Server, { status, error }: ServerAnswer): MurmurationError {
  if (status === 401 || status === 403)
    return new MurmurationError("forbidden", `${url} lets nobody in without the right key (--api-key-file): ${error}`);
  const code =
    status === 404
      ? "not-found"
      : status === 507
        ? "capacity"
        : status >= 500 || status === 429
          ? "unavailable"
          : "bad-request";
  return new MurmurationError(code, `${url} answers ${status}: ${error}`);
}

/** The `result` of an answer of the dialect. Throws as `ask` does, and what `refusalOf` says of any other answer than 200. */
export async function askResult(
  server: Server,
  method: string,
  path: string,
  body?: string,
): Promise<Json | undefined> {
  const answer = await ask(server, method, path, body);
  if (answer.status !== 200) throw refusalOf(server, answer);
  if (answer.body === undefined)
    throw new MurmurationError("unavailable", `${server.url} answers no JSON: ${answer.error}`);
  return (answer.body as { readonly result?: Json }).result;
}

/** The page of a collection; `undefined`: there is none. Throws as `askResult` does. */
export async function collectionPage(server: Server, collection: string): Promise<Json | undefined> {
  const answer = await ask(server, "GET", `/collections/${encodeURIComponent(collection)}`);
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw refusalOf(server, answer);
  return (answer.body as { readonly result?: Json } | undefined)?.result;
}
