import type { MurmurationError } from "@murmuration/index";

/** A body that was parsed and checked against the schema of its route in another thread. */
export class CheckedBody {
  /** As it came. */
  readonly bytes: Buffer;
  readonly #outcome: { readonly value: unknown } | { readonly error: MurmurationError };

  constructor(bytes: Buffer, outcome: { readonly value: unknown } | { readonly error: MurmurationError }) {
    this.bytes = bytes;
    this.#outcome = outcome;
  }

  /** What the schema makes of it. Throws what the schema refuses it with. */
  value(): unknown {
    if ("error" in this.#outcome) throw this.#outcome.error;
    return this.#outcome.value;
  }
}
