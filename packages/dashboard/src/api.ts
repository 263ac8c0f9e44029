import { signal } from "@preact/signals";
import { canKeepDigits, parseJson, printJson } from "./json.js";
import { pathPart } from "./path-part.js";
import { refusedKey } from "./token-end.js";

/** Why a request has no result: in words, with what the server said. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    message: string,
    /** 0: there was no answer. */
    readonly status: number,
  ) {
    super(message);
  }
}

/** Is it that whoever asks may not, or has no key that is taken? Asking again with the same key would be refused again. */
export function isForbidden(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.status === 403);
}

/** An answer as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** From the request's start until the last byte was here. */
  readonly tookMs: number;
}

/** What a request is sent with. */
export interface Request {
  /** Anything but a string is sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

const KEY = "murmuration.key";

/** Where the console keeps what was sent in this tab. */
export const CONSOLE_HISTORY = "murmuration.console";

/** The page stands at `/dashboard/`, whatever a proxy puts before it: what the server answers at is one level above. */
const base = new URL("..", document.baseURI);

const storedKey = () => sessionStorage.getItem(KEY) ?? "";

/** The key of this tab; "" is none. It is kept in the tab's own storage, which ends with it. */
export const apiKey = signal(storedKey());

/** How often a key was given or forgotten in this tab: what was asked before may be answered otherwise now, also where the same one was given again. */
export const timesKeyed = signal(0);

/** Set while somebody is asked for a key: what the server said about the one before. */
export const keyAsked = signal<string | undefined>(undefined);

/** Somebody did not want to give a key: nobody is asked again before `wantKey`. */
export const isKeyRefused = signal(false);

/** A request that waits for a key. */
interface Waiting {
  readonly goOn: () => void;
  readonly end: (reason: unknown) => void;
}

const waiting = new Set<Waiting>();

function takeWaiting(): readonly Waiting[] {
  const taken = [...waiting];
  waiting.clear();
  keyAsked.value = undefined;
  return taken;
}

/** Takes a key for this tab; requests that wait for one are sent again. */
export function giveKey(key: string): void {
  sessionStorage.setItem(KEY, key);
  apiKey.value = key;
  isKeyRefused.value = false;
  timesKeyed.value++;
  for (const { goOn } of takeWaiting()) goOn();
}

const keyNeeded = (said: string) => new ApiError(`A key is needed${said === "" ? "" : `: ${said}`}`, 401);

/** Nobody gives a key: requests that wait for one end, and so do those that would. */
export function refuseKey(): void {
  const said = keyAsked.value ?? "";
  isKeyRefused.value = true;
  for (const { end } of takeWaiting()) end(keyNeeded(said));
}

/** Somebody would give a key after all: the next request that needs one asks for it. */
export function wantKey(): void {
  isKeyRefused.value = false;
}

/** Asks for a key, though no request waits for one. */
export function askForKey(): void {
  isKeyRefused.value = false;
  keyAsked.value = "";
}

/** How often the key of this tab was forgotten: what a page shows that was asked with it goes, too. */
export const timesForgotten = signal(0);

/** Forgets the key of this tab, and what was asked with it. */
export function forgetKey(): void {
  sessionStorage.removeItem(KEY);
  sessionStorage.removeItem(CONSOLE_HISTORY);
  isKeyRefused.value = false;
  apiKey.value = "";
  timesKeyed.value++;
  timesForgotten.value++;
}

/** Resolves when there is a key; one that is not waited for any more closes the question, where it was the last. */
async function keyGiven(said: string, abort: AbortSignal | undefined): Promise<void> {
  abort?.throwIfAborted();
  if (isKeyRefused.value) throw keyNeeded(said);
  keyAsked.value = said;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const own: Waiting = { goOn: resolve, end: reject };
  const onAbort = () => {
    waiting.delete(own);
    if (waiting.size === 0) keyAsked.value = undefined;
    reject(abort?.reason);
  };
  waiting.add(own);
  abort?.addEventListener("abort", onAbort, { once: true });
  try {
    await promise;
  } finally {
    abort?.removeEventListener("abort", onAbort);
  }
}

/**
 * A path of texts from data, each escaped: `` path`/collections/${name}/points` ``. Throws a `RangeError` for a name that no URL can carry as a part
 * of its path.
 */
export function path(strings: TemplateStringsArray, ...parts: readonly (string | number | bigint)[]): string {
  return String.raw({ raw: strings }, ...parts.map((part) => pathPart(String(part))));
}

/** Routes that read, though they are no GET. */
const READS =
  /\/(?:scroll|count|facet|quality|walk|explain|validate|(?:query|search|recommend|discover)(?:\/\w+)*|points)$/;

/** Does a request change nothing? What is not known to read is taken for a write. */
export function isRead(method: string, pathname: string): boolean {
  return method === "GET" || method === "HEAD" || (method === "POST" && READS.test(pathname.split("?", 1)[0] ?? ""));
}

/** Where this browser loses digits of large integers nothing is written: points would be taken for others, and payloads changed. */
export const isReadOnly = !canKeepDigits();

/** The URL of a path of the server. */
export function urlOf(pathname: string): URL {
  return new URL(pathname.replace(/^\/+/, ""), base);
}

async function send(
  method: string,
  pathname: string,
  { body, headers = {}, signal: abort }: Request,
): Promise<Response> {
  if (isReadOnly && !isRead(method, pathname)) {
    throw new ApiError("This browser would change the digits of large integers: nothing is written with it.", 0);
  }
  const url = urlOf(pathname);
  const fields = new Headers(headers);
  if (apiKey.value !== "") fields.set("api-key", apiKey.value);
  if (body !== undefined && !fields.has("content-type")) fields.set("content-type", "application/json");
  const sent = body === undefined ? {} : { body: typeof body === "string" ? body : printJson(body) };
  try {
    return await fetch(url, {
      method,
      headers: fields,
      cache: "no-store",
      ...(abort === undefined ? {} : { signal: abort }),
      ...sent,
    });
  } catch {
    if (abort?.aborted === true) throw abort.reason;
    throw new ApiError(`${url.host} does not answer. Does the server run, and can this machine reach it?`, 0);
  }
}

/** The text of a response. Rejects with an `ApiError` where it ends in the middle, and with the signal's reason. */
async function textOf(response: Response, abort: AbortSignal | undefined): Promise<string> {
  try {
    return await response.text();
  } catch {
    if (abort?.aborted === true) throw abort.reason;
    throw new ApiError("The answer ended before it was whole: the server, or what is in between, broke it off.", 0);
  }
}

/**
 * The response, whatever its status, for streams and for whoever looks at it whole. Where the server asks for a key, the person is asked for one, and the
 * request is sent again.
 */
export async function askResponse(method: string, pathname: string, request: Request = {}): Promise<Response> {
  for (;;) {
    const key = apiKey.value;
    const response = await send(method, pathname, request);
    if (response.status !== 401) return response;
    const said = (await textOf(response, request.signal)).slice(0, 500);
    // meanwhile somebody gave another one
    if (apiKey.value === key) await keyGiven(key === "" ? "" : refusedKey(key, said, Date.now()), request.signal);
  }
}

/** The whole answer, whatever its status. Rejects with an `ApiError` where there is none, and with the signal's reason. */
export async function askAnswer(method: string, pathname: string, request: Request = {}): Promise<Answer> {
  const beganMs = performance.now();
  const response = await askResponse(method, pathname, request);
  const text = await textOf(response, request.signal);
  return { status: response.status, headers: response.headers, text, tookMs: performance.now() - beganMs };
}

/** What the server says in an answer that is a refusal. */
function saidIn(text: string): string {
  try {
    const { status } = JSON.parse(text) as { readonly status?: { readonly error?: unknown } };
    if (typeof status?.error === "string") return status.error;
  } catch {
    // said in plain text
  }
  return text;
}

/** Why an answer is a refusal: an `ApiError` in words; `undefined`: it is none. */
export function refusalOf({ status, text }: Pick<Answer, "status" | "text">): ApiError | undefined {
  if (status < 400) return undefined;
  const said = saidIn(text).trim() || "no reason was given";
  return new ApiError(status >= 500 ? `The server could not do it (${status}): ${said}` : said, status);
}

/** The `result` of an answer; rejects with an `ApiError` in words, or with the signal's reason. */
export async function ask<Result>(method: string, pathname: string, request: Request = {}): Promise<Result> {
  const answer = await askAnswer(method, pathname, request);
  const refusal = refusalOf(answer);
  if (refusal !== undefined) throw refusal;
  let answered: unknown;
  try {
    answered = parseJson(answer.text);
  } catch {
    throw new ApiError(
      `The answer to ${method} ${pathname} is no JSON: what answers there is no Murmuration server.`,
      answer.status,
    );
  }
  return (answered as { readonly result: Result }).result;
}

/** The text of an answer outside of the envelope: metrics, `/readyz`. Statuses in `accepted` are no refusals. */
export async function askText(
  pathname: string,
  abort?: AbortSignal,
  accepted: readonly number[] = [],
): Promise<string> {
  const answer = await askAnswer("GET", pathname, { signal: abort });
  const refusal = accepted.includes(answer.status) ? undefined : refusalOf(answer);
  if (refusal !== undefined) throw refusal;
  return answer.text;
}
