/** A request that is refused with a status of HTTP itself, and a message that stands as it is. */
export class Refusal extends Error {
  readonly statusCode: number;
  readonly headers: { readonly [name: string]: string };

  constructor(statusCode: number, message: string, headers: { readonly [name: string]: string } = {}) {
    super(message);
    this.statusCode = statusCode;
    this.headers = headers;
  }
}
