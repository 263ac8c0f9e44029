/** A request that must be refused, and how. */
export interface BadRequest {
  /** Method and path below the collection `/collections/victim`, or a whole path when it begins with `/collections`. */
  readonly to: `${string} ${string}`;
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly status: number;
  readonly message: RegExp;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Messages of the kinds of refusal. */
export const format = /^Format error in JSON body: /;
export const notSupported = /^Bad request: .*not supported/;
export const wrongDimension = /^Wrong input: Vector dimension error: expected dim: 4, got 3/;
export const unknownVector = /^Wrong input: Not existing vector name error: /;

/** A vector that fits `a`. */
export const ok = [1, 2, 3, 4];
