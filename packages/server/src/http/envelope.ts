/** A successful answer. `time` in seconds. */
export interface SuccessEnvelope {
  readonly result: unknown;
  readonly status: "ok";
  readonly time: number;
}

/** A refused or failed request. `time` in seconds. */
export interface ErrorEnvelope {
  readonly status: { readonly error: string };
  readonly time: number;
}

const seconds = (elapsedMs: number) => Math.round(elapsedMs * 1e6) / 1e9;

export function successEnvelope(result: unknown, elapsedMs: number): SuccessEnvelope {
  return { result, status: "ok", time: seconds(elapsedMs) };
}

/** What stands around a result in the text of a successful answer. */
export const successBegin = '{"result":';
export function successEnd(elapsedMs: number): string {
  return `,"status":"ok","time":${seconds(elapsedMs)}}`;
}

export function errorEnvelope(message: string, elapsedMs: number): ErrorEnvelope {
  // a message may show the start of a text that was cut between two halves of a character
  return { status: { error: message.toWellFormed() }, time: seconds(elapsedMs) };
}
