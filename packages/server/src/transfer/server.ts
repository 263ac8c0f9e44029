import { setTimeout as after } from "node:timers/promises";
import { isJsonObject, type Json, MurmurationError } from "@murmuration/index";
import type { HttpClient } from "../http/http-client.js";
import { parseJson } from "../http/json.js";
import { bodyOfPage, type CollectionBody } from "./collection-body.js";
import { answerBytesMax, pauseMsFirst, pauseMsMax, strangerPatienceMs } from "./transfer-limits.js";

/** A server that runs, and what it lets in. */
export interface Server {
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly client: Pick<HttpClient, "ask">;
  /** How long it is asked again where it is busy, full or away. */
  readonly patienceMs: number;
  /** How long one request may take. */
  readonly timeoutMs: number;
  /** Is told why it is waited for. */
  readonly onWait?: ((why: string) => void) | undefined;
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

/** The beginning of what a server says, on one line. */
const shown = (said: string) => JSON.stringify(said.slice(0, 100).toWellFormed());

function errorIn(body: Json | undefined, text: string): string {
  const object = body as
    | { readonly status?: { readonly error?: unknown }; readonly message?: unknown }
    | null
    | undefined;
  const said = object?.status?.error ?? object?.message;
  return typeof said === "string" ? said : text.slice(0, 500);
}

/** An answer; or why there is none that such a server gives. */
type Attempt =
  | { readonly answer: ServerAnswer; readonly pauseMs?: number | undefined }
  | { readonly answer?: undefined; readonly why: string; readonly isStranger: boolean };

function whyOf(error: unknown, { timeoutMs }: Server): string {
  const { name, message, code } = error as Error & { readonly code?: string };
  if (name === "TimeoutError" || name === "AbortError") return `none within ${timeoutMs / 1000} s`;
  return message === "" ? (code ?? name) : message;
}

async function attempt(server: Server, method: string, path: string, text: string | undefined): Promise<Attempt> {
  try {
    const headers = { ...server.headers, ...(text === undefined ? {} : { "content-type": "application/json" }) };
    const signal = AbortSignal.timeout(server.timeoutMs);
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
    if (statusCode === 200 && body === undefined)
      return { why: `it answers no JSON but ${shown(said)}`, isStranger: true };
    return {
      answer: { status: statusCode, body, error: errorIn(body, said), characters: said.length },
      pauseMs: retryAfterMs(answered["retry-after"], Date.now()),
    };
  } catch (error) {
    return { why: whyOf(error, server), isStranger: false };
  }
}

/**
 * Asks, and asks again with growing pauses (or those that `Retry-After` asks for) where the server is away, busy (408, 429), or cannot now (5xx), as long as its
 * patience lasts; what is no answer of such a server at all is asked again for a moment only. Answers what it says in the end; throws `unavailable` where it says
 * nothing.
 */
export async function ask(server: Server, method: string, path: string, text?: string): Promise<ServerAnswer> {
  const startMs = performance.now();
  for (let pauseMs = pauseMsFirst; ; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
    const tried = await attempt(server, method, path, text);
    if (tried.answer !== undefined && !isPassing(tried.answer.status)) return tried.answer;
    const waitMs = Math.min((tried.answer === undefined ? undefined : tried.pauseMs) ?? pauseMs, pauseMsMax);
    const isStranger = tried.answer === undefined && tried.isStranger;
    const patienceMs = isStranger ? Math.min(server.patienceMs, strangerPatienceMs) : server.patienceMs;
    if (performance.now() - startMs + waitMs <= patienceMs) {
      server.onWait?.(
        tried.answer === undefined
          ? `no answer from ${server.url}: ${tried.why}`
          : `${server.url} answers ${tried.answer.status}: ${shown(tried.answer.error)}`,
      );
      await after(waitMs);
      continue;
    }
    if (tried.answer !== undefined) return tried.answer;
    throw new MurmurationError("unavailable", `no answer from ${server.url}: ${tried.why}`);
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

/** Throws `unavailable`: a server that answers, and not as one that speaks this dialect. */
export function strange({ url }: Server, what: string): MurmurationError {
  return new MurmurationError("unavailable", `${url} answers ${what}: is it such a server?`);
}

/** The `result` of an answer of the dialect. Throws as `ask` does, and what `refusalOf` says of any other answer than 200. */
export async function askResult(server: Server, method: string, path: string, body?: string): Promise<Json> {
  const answer = await ask(server, method, path, body);
  if (answer.status !== 200) throw refusalOf(server, answer);
  return resultOf(server, answer);
}

/** The `result` of an answer of 200. Throws `unavailable` where it has none. */
export function resultOf(server: Server, { body }: ServerAnswer): Json {
  const result = isJsonObject(body) ? body["result"] : undefined;
  if (result === undefined || result === null) throw strange(server, "without a result");
  return result;
}

/** The page of a collection; `undefined`: there is none. Throws as `askResult` does. */
export async function collectionPage(server: Server, collection: string): Promise<Json | undefined> {
  const answer = await ask(server, "GET", `/collections/${encodeURIComponent(collection)}`);
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw refusalOf(server, answer);
  return resultOf(server, answer);
}

/** What makes a collection like the one whose page this is. Throws `unavailable`, naming the server, for what is no such page. */
export function bodyFrom({ url }: Pick<Server, "url">, page: Json): CollectionBody {
  try {
    return bodyOfPage(page);
  } catch (error) {
    throw new MurmurationError("unavailable", `${url} answers no page of a collection: ${(error as Error).message}`);
  }
}
