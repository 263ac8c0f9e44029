import { MurmurationError } from "@murmuration/index";
import { smallBodyBytes } from "./http-limits.js";

/** Share of the budget that only small bodies may take: large ones that never end do not keep everybody else out. */
const SMALL_SHARE = 1 / 8;

const mebibytes = (bytes: number) => Math.floor(bytes / 1024 / 1024);

/** What the bodies of all requests under way may take together. */
export class BodyBudget {
  readonly #bytesMax: number;
  #taken = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes taken now. */
  get taken(): number {
    return this.#taken;
  }

  /** The part of one request. */
  lease(): BodyLease {
    let held = 0;
    return {
      take: (bytes) => {
        const isSmall = held + bytes <= smallBodyBytes;
        const most = isSmall ? this.#bytesMax : this.#bytesMax * (1 - SMALL_SHARE);
        if (this.#taken + bytes > most) throw this.#exhausted();
        this.#taken += bytes;
        held += bytes;
      },
      end: () => {
        this.#taken -= held;
        held = 0;
      },
    };
  }

  #exhausted(): MurmurationError {
    const limit = `the limit (bodies of requests under way) is ${mebibytes(this.#bytesMax)} MiB`;
    return new MurmurationError("unavailable", `${mebibytes(this.#taken)} MiB are taken, ${limit}: try again later`);
  }
}

/** What one body takes of the budget. */
export interface BodyLease {
  /** Take some more. Throws `unavailable`, taking nothing, when there is not so much left. */
  take(bytes: number): void;
  /** Give back all that was taken. */
  end(): void;
}
