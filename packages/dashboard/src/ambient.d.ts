/** Styles are bundled with the code that imports them; Node, which runs the tests of what has no styles, never meets them. */
declare module "*.css";

interface JSON {
  /** A text that `JSON.stringify` writes as it is: integers of all sizes keep their digits. */
  rawJSON?(text: string): unknown;
}
