/** One server-sent event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Characters of one event: more of one is a stream that cannot be followed. */
export const EVENT_CHARACTERS_MAX = 8 * 1024 * 1024;

/**
 * Reads server-sent events from text that comes in pieces (HTML standard, "Event stream interpretation"). Requests of the dashboard carry their key in a
 * header, which the browser's own `EventSource` cannot send.
 */
export class EventStreamReader {
  /** Name of the last event that had one: a stream goes on behind it. */
  lastId = "";
  /** How long to wait before the stream is asked for again, where the server said so. */
  retryMs: number | undefined;
  #line = "";
  #event = "";
  #data: string[] = [];
  #characters = 0;
  #id: string | undefined;
  #isBehindReturn = false;

  /** Takes a piece; returns the events that are whole with it. Throws an `Error` where one is too large. */
  take(piece: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    // a return at the end of the piece before, and a line feed here, end one line
    let text = this.#isBehindReturn && piece.startsWith("\n") ? piece.slice(1) : piece;
    if (piece !== "") this.#isBehindReturn = piece.endsWith("\r");
    text = this.#line + text;
    let from = 0;
    for (const match of text.matchAll(/\r\n|\n|\r/g)) {
      const event = this.#lineOf(text.slice(from, match.index));
      if (event !== undefined) events.push(event);
      from = match.index + match[0].length;
    }
    this.#line = text.slice(from);
    if (this.#line.length + this.#characters > EVENT_CHARACTERS_MAX) {
      throw new Error(`an event of more than ${EVENT_CHARACTERS_MAX} characters came: it is not read`);
    }
    return events;
  }

  #lineOf(line: string): ServerEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    this.#characters += line.length;
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d{1,9}$/.test(value)) this.retryMs = Number(value);
    return undefined;
  }

  #dispatch(): ServerEvent | undefined {
    if (this.#id !== undefined) this.lastId = this.#id;
    const [event, data] = [this.#event || "message", this.#data];
    [this.#event, this.#data, this.#id, this.#characters] = ["", [], undefined, 0];
    return data.length === 0 ? undefined : { event, data: data.join("\n") };
  }
}
