import type { SessionToken } from "@murmuration/core";
import { SYSTEM_SHARD } from "@murmuration/core";
import { printJson } from "@murmuration/index";
import { Guard } from "../access/guard.js";
import type { Database } from "../engine/database.js";
import { HttpClient } from "../http/http-client.js";
import { forwardedAnswerBytesMax, forwardsMax, forwardTimeoutMs } from "../http/http-limits.js";
import { murmurHeaders } from "../http/murmur-headers.js";
import { TRACEPARENT } from "../traceparent.js";
import { isAllowedUrl } from "./allowed-hosts.js";
import type { SessionRequest } from "./session-request.js";

/** The answer of another replica, to be passed on as it is. */
export interface ForwardedAnswer {
  readonly statusCode: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
}

const PASSED_ON = [
  "content-type",
  murmurHeaders.token,
  murmurHeaders.frontier,
  murmurHeaders.digest,
  murmurHeaders.settled,
  "server-timing",
];

type ForwarderDatabase = Pick<Database, "catalogue" | "holders" | "frontiers" | "missing" | "status">;

/** How other replicas are asked. */
export interface ForwarderOptions {
  /** Where reads may be passed on to (`isAllowedUrl`). */
  readonly hosts: readonly string[];
  /** Is told of a member that has another address. */
  readonly onRefused?: (url: string) => void;
  /** Makes what this replica shows to others; without it, or without keys, it shows nothing. */
  readonly guard?: Guard | undefined;
  readonly client?: HttpClient | undefined;
  /** Nothing is asked without TLS. */
  readonly needsTls?: boolean;
}

/** Asks another replica for what this one cannot answer yet. */
export class Forwarder {
  readonly #database: ForwarderDatabase;
  readonly #hosts: readonly string[];
  readonly #onRefused: (url: string) => void;
  readonly #guard: Guard;
  readonly #client: HttpClient;
  readonly #needsTls: boolean;
  #underWay = 0;

  constructor(database: ForwarderDatabase, options: ForwarderOptions) {
    this.#database = database;
    this.#hosts = options.hosts;
    this.#onRefused = options.onRefused ?? (() => undefined);
    this.#guard = options.guard ?? new Guard(undefined);
    this.#client = options.client ?? new HttpClient();
    this.#needsTls = options.needsTls === true;
  }

  /**
   * The answer of a replica that holds what the token has seen and tells where it is reached; `undefined`: there is none, or it does not
   * answer. A request that was passed on already stays here.
   */
  async forward(request: SessionRequest, token: SessionToken): Promise<ForwardedAnswer | undefined> {
    if (request.headers[murmurHeaders.forwarded] !== undefined || this.#underWay >= forwardsMax) return undefined;
    if (request.signal().aborted) return undefined;
    this.#underWay++;
    try {
      return await this.#ask(request, token);
    } finally {
      this.#underWay--;
    }
  }

  async #ask(request: SessionRequest, token: SessionToken): Promise<ForwardedAnswer | undefined> {
    const { members } = this.#database.catalogue;
    const urls = new Map(members.map(({ id, url }) => [id, url] as const));
    const signal = AbortSignal.any([request.signal(), AbortSignal.timeout(forwardTimeoutMs)]);
    for (const id of await this.#database.holders(this.#wanted(request, token))) {
      const url = urls.get(id);
      if (url === undefined || signal.aborted) continue;
      if (!isAllowedUrl(url, this.#hosts) || (this.#needsTls && !url.startsWith("https:"))) {
        this.#onRefused(url);
        continue;
      }
      const answer = await this.#askAt(url, id, request, signal);
      if (answer !== undefined) {
        return { ...answer, headers: { ...answer.headers, [murmurHeaders.servedBy]: String(id) } };
      }
    }
    return undefined;
  }

  /** What the request reads of the token; all of it, where this replica does not know which shards those are. */
  #wanted({ names }: SessionRequest, token: SessionToken): SessionToken {
    const here = this.#database.frontiers(names);
    const isKnown = here.size === 1 + new Set(names).size && this.#database.missing(token, []) === 0;
    if (!isKnown) return token;
    return new Map([...token].filter(([shard]) => shard === SYSTEM_SHARD || here.has(shard)));
  }

  /** One that cannot be reached, or says that it cannot answer either, is passed over. */
  async #askAt(
    url: string,
    id: number,
    request: SessionRequest,
    signal: AbortSignal,
  ): Promise<ForwardedAnswer | undefined> {
    const { method, headers, body } = request;
    const hasBody = body !== undefined && body !== null;
    try {
      const credential = await this.#guard.credentialFor(request.caller, id);
      const answer = await this.#client.ask(`${url}${request.url}`, {
        method,
        headers: {
          ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
          ...(hasBody ? { "content-type": "application/json" } : {}),
          ...given(headers, murmurHeaders.token),
          ...given(headers, murmurHeaders.frontier),
          ...given(headers, murmurHeaders.digest),
          ...given(headers, murmurHeaders.timing),
          ...traceOf(request),
          [murmurHeaders.forwarded]: String(this.#database.status().replicaId),
        },
        body: hasBody ? (body instanceof Uint8Array ? body : printJson(body)) : undefined,
        signal,
        bytesMax: forwardedAnswerBytesMax,
      });
      // what another replica refuses this one is no answer to whoever asked
      if ([401, 403, 429, 503].includes(answer.statusCode) || isRedirect(answer.statusCode)) return undefined;
      const passed = Object.assign({}, ...PASSED_ON.map((name) => given(answer.headers, name)));
      return { statusCode: answer.statusCode, headers: passed, body: answer.body };
    } catch {
      return undefined;
    }
  }
}

const isRedirect = (statusCode: number) => statusCode >= 300 && statusCode < 400;

function given(headers: SessionRequest["headers"], name: string): { readonly [name: string]: string } {
  const value = headers[name];
  return typeof value === "string" ? { [name]: value } : {};
}

/** The trace that it is a part of: by its span here, or as its client began it. */
function traceOf({ traceparent, headers }: SessionRequest): { readonly [name: string]: string } {
  const parent = traceparent ?? headers["traceparent"];
  return typeof parent === "string" && TRACEPARENT.test(parent) ? { traceparent: parent } : {};
}
