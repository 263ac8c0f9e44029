/** One server-sent event. */
export interface ServerEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** Reads server-sent events from the text that they come in, however it is cut. */
export class EventParser {
  #rest = "";

  put(text: string): ServerEvent[] {
    const whole = this.#rest + text;
    const end = whole.lastIndexOf("\n\n");
    if (end < 0) {
      this.#rest = whole;
      return [];
    }
    this.#rest = whole.slice(end + 2);
    return whole
      .slice(0, end)
      .split("\n\n")
      .flatMap((block) => this.#event(block));
  }

  #event(block: string): ServerEvent[] {
    let event = "message";
    let id: string | undefined;
    let data: string | undefined;
    for (const line of block.split("\n")) {
      if (line.startsWith("event: ")) event = line.slice(7);
      else if (line.startsWith("id: ")) id = line.slice(4);
      else if (line.startsWith("data: ")) data = line.slice(6);
    }
    return data === undefined ? [] : [{ event, id, data }];
  }
}

/** A stream of events that is read. */
export class EventReader {
  readonly #abort = new AbortController();
  readonly #parser = new EventParser();
  readonly #waiting: ServerEvent[] = [];
  #bytes: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #decoder = new TextDecoder();
  status = 0;
  headers = new Headers();
  /** What was answered instead of events. */
  refusal = "";
  /** Of the last event that was taken and had one: where a client goes on. */
  lastId: string | undefined;

  /** Asks for the events of this address. With a status other than 200 there are none. */
  static async open(url: string, init: RequestInit = {}): Promise<EventReader> {
    const reader = new EventReader();
    const response = await fetch(url, { ...init, signal: reader.#abort.signal });
    reader.status = response.status;
    reader.headers = response.headers;
    if (response.status === 200) reader.#bytes = response.body?.getReader();
    else reader.refusal = await response.text();
    return reader;
  }

  /** The next event; `undefined`: the stream is over. */
  async next(): Promise<ServerEvent | undefined> {
    while (this.#waiting.length === 0) {
      const read = await this.#bytes?.read().catch(() => undefined);
      if (read === undefined || read.done) return undefined;
      this.#waiting.push(...this.#parser.put(this.#decoder.decode(read.value, { stream: true })));
    }
    const event = this.#waiting.shift();
    this.lastId = event?.id ?? this.lastId;
    return event;
  }

  /** So many events, or as many as there are until the stream is over. */
  async take(count: number): Promise<ServerEvent[]> {
    const taken: ServerEvent[] = [];
    while (taken.length < count) {
      const event = await this.next();
      if (event === undefined) break;
      taken.push(event);
    }
    return taken;
  }

  /** Events up to the first one that is asked for, it included, or until the stream is over. */
  async until(isIt: (event: ServerEvent) => boolean): Promise<ServerEvent[]> {
    const taken: ServerEvent[] = [];
    for (;;) {
      const event = await this.next();
      if (event === undefined) return taken;
      taken.push(event);
      if (isIt(event)) return taken;
    }
  }

  /** Goes away. */
  close(): void {
    this.#abort.abort();
  }
}
