import { pageBytes } from "./change-limits.js";

const utf8 = new TextEncoder();

/** Events that go out together. */
export class EventPage {
  #text = "";
  #events = 0;

  put(event: string): void {
    this.#text += event;
    this.#events += 1;
  }

  get isFull(): boolean {
    return this.#text.length >= pageBytes;
  }

  get isEmpty(): boolean {
    return this.#events === 0;
  }

  /** What was put since, in memory of its own, which can be given to another thread. */
  take(): { readonly bytes: Uint8Array<ArrayBuffer>; readonly events: number } {
    const bytes = utf8.encode(this.#text);
    const events = this.#events;
    this.#text = "";
    this.#events = 0;
    return { bytes, events };
  }
}
