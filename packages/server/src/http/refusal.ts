/** A request that is refused with a status of HTTP itself, and a message that stands as it is. */
export class Refusal extends Error {
  readonly statusCode: number;
  readonly headers: { readonly [name: string]: string };
  /** How the message is sent: in the envelope, or as the whole body. */
  readonly form: "envelope" | "text";

  constructor(
    statusCode: number,
    message: string,
    headers: { readonly [name: string]: string } = {},
    form: "envelope" | "text" = "envelope",
  ) {
    super(message);
    this.statusCode = statusCode;
    this.headers = headers;
    this.form = form;
  }
}
