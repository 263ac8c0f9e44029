import type { RequestWaits, SettledWait, WaitRequest } from "@murmuration/core";

/** What a request of the other thread has come to. */
export interface SettledRequest {
  readonly request: number;
  readonly outcome: SettledWait;
}

/** The waits of a replica under the numbers of the requests that began them. */
export class HostedWaits {
  readonly #waits: RequestWaits;
  readonly #idOf = new Map<number, number>();
  readonly #requestOf = new Map<number, number>();
  readonly #askingOthers = new Set<number>();

  constructor(waits: RequestWaits) {
    this.#waits = waits;
  }

  /** Throws what `RequestWaits.begin` does. */
  begin(request: number, wait: WaitRequest): void {
    const id = this.#waits.begin(wait);
    this.#idOf.set(request, id);
    this.#requestOf.set(id, request);
    if (wait.kind === "write" || wait.kind === "read") this.#askingOthers.add(id);
  }

  /** Does any of them wait for what other replicas say? */
  areOthersAsked(): boolean {
    return this.#askingOthers.size > 0;
  }

  /** Nobody is interested any more. */
  cancel(request: number): void {
    const id = this.#idOf.get(request);
    if (id === undefined) return;
    this.#waits.cancel(id);
    this.#forget(request, id);
  }

  /** Takes those that are over. */
  takeSettled(): SettledRequest[] {
    if (this.#idOf.size === 0) return [];
    return this.#waits.settled().map((outcome) => {
      const request = this.#requestOf.get(outcome.id) as number;
      this.#forget(request, outcome.id);
      return { request, outcome };
    });
  }

  #forget(request: number, id: number): void {
    this.#idOf.delete(request);
    this.#requestOf.delete(id);
    this.#askingOthers.delete(id);
  }
}
