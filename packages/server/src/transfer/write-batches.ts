import { isJsonObject, MurmurationError } from "@murmuration/index";
import { type CarriedPoint, printCarried } from "./carried-point.js";
import type { RejectedRow } from "./rejected-rows.js";
import { ask, refusalOf, resultOf, type Server, strange } from "./server.js";
import type { Position } from "./source.js";

/** A point and where it is from. */
export interface PlacedPoint {
  readonly point: CarriedPoint;
  /** As the request has it. */
  readonly text: string;
  readonly place: string;
}

/** Rows that follow each other: those that are points, and those that are none. */
export interface Batch {
  readonly points: readonly PlacedPoint[];
  readonly rejected: readonly RejectedRow[];
  /** Behind its last row. */
  readonly next: Position;
}

/** What became of it. */
export interface DoneBatch {
  readonly written: number;
  /** Its wrong rows, those among them that the server refused. */
  readonly rejected: readonly RejectedRow[];
  readonly next: Position;
}

/** A point with its text. */
export function placed(point: CarriedPoint, place: string): PlacedPoint {
  return { point, text: printCarried(point), place };
}

/** What the server says of a point, without the place of the point in the request. */
function reasonOf(error: string): { readonly field: string | undefined; readonly reason: string } {
  const found =
    /^(?:Format error in JSON body: |Validation error in JSON body: )?(?:\[?points\[\d+\]\.?([\w.[\]"]*)\]?: )?(.*)$/s.exec(
      error,
    );
  return { field: found?.[1] === "" ? undefined : found?.[1], reason: found?.[2] ?? error };
}

/** A batch that is being written, or waits for one before it. */
interface UnderWay {
  readonly ids: readonly unknown[];
  done: DoneBatch | undefined;
}

/** Writes batches, several at a time, and tells of each when it and all before it are done. */
export class BatchWriter {
  readonly #server: Server;
  readonly #path: string;
  readonly #parallel: number;
  readonly #onDone: (batch: DoneBatch) => void;
  /** In order; each settles to what became of it. */
  readonly #underWay: UnderWay[] = [];
  readonly #ids = new Map<unknown, number>();
  #failure: unknown;
  #wake: () => void = () => undefined;

  constructor(server: Server, collection: string, parallel: number, onDone: (batch: DoneBatch) => void) {
    this.#server = server;
    this.#path = `/collections/${encodeURIComponent(collection)}/points?wait=true`;
    this.#parallel = parallel;
    this.#onDone = onDone;
  }

  /**
   * Begins to write a batch as soon as there is room, and nothing of the same ids is under way: of rows with one id the last one stands. Throws what went wrong
   * with those before.
   */
  async put(batch: Batch): Promise<void> {
    const ids = batch.points.map(({ point }) => point.id);
    await this.#until(
      () =>
        this.#running() < this.#parallel &&
        this.#underWay.length < 4 * this.#parallel &&
        !ids.some((id) => this.#ids.has(id)),
    );
    for (const id of ids) this.#ids.set(id, (this.#ids.get(id) ?? 0) + 1);
    const entry: UnderWay = { ids, done: undefined };
    this.#underWay.push(entry);
    this.#write(batch).then(
      (done) => this.#finish(entry, done),
      (error: unknown) => {
        this.#failure ??= error;
        this.#wake();
      },
    );
  }

  /** Resolves when all is written. Throws what went wrong. */
  drain(): Promise<void> {
    return this.#until(() => this.#underWay.length === 0);
  }

  #running(): number {
    return this.#underWay.filter(({ done }) => done === undefined).length;
  }

  async #until(isSo: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (isSo()) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #finish(entry: UnderWay, done: DoneBatch): void {
    entry.done = done;
    for (const id of entry.ids) {
      const more = (this.#ids.get(id) ?? 1) - 1;
      if (more === 0) this.#ids.delete(id);
      else this.#ids.set(id, more);
    }
    try {
      for (let first = this.#underWay[0]; first?.done !== undefined; first = this.#underWay[0]) {
        this.#underWay.shift();
        if (this.#failure === undefined) this.#onDone(first.done);
      }
    } catch (error) {
      this.#failure ??= error;
    }
    this.#wake();
  }

  async #write({ points, rejected, next }: Batch): Promise<DoneBatch> {
    const refused = await this.#send(points);
    return { written: points.length - refused.length, rejected: [...rejected, ...refused], next };
  }

  /** Rows that the server refuses: halves of a refused request are sent by themselves, down to single points. */
  async #send(points: readonly PlacedPoint[]): Promise<readonly RejectedRow[]> {
    if (points.length === 0 || this.#failure !== undefined) return [];
    const answer = await ask(this.#server, "PUT", this.#path, `{"points":[${points.map(({ text }) => text).join()}]}`);
    if (answer.status === 200) {
      const result = resultOf(this.#server, answer);
      const status = isJsonObject(result) ? result["status"] : undefined;
      if (status === "completed" || status === "acknowledged") return [];
      throw strange(this.#server, "without saying that the points are written");
    }
    if (![400, 413, 422].includes(answer.status)) throw refusalOf(this.#server, answer);
    const [only] = points;
    if (points.length === 1 && only !== undefined) {
      return [{ place: only.place, ...reasonOf(answer.error), row: only.text }];
    }
    const half = points.length >> 1;
    return [...(await this.#send(points.slice(0, half))), ...(await this.#send(points.slice(half)))];
  }
}

/** Throws `bad-request` where more rows are wrong than are taken. */
export function checkErrors(rejected: number, errorsMax: number): void {
  if (rejected <= errorsMax) return;
  throw new MurmurationError("bad-request", `${rejected} rows are wrong, more than --max-errors ${errorsMax}`);
}
