import type { ComponentType } from "preact";

/** What a page is given. */
export interface PageProps {
  /** By the pattern of its path: `{ collection: "c" }`. */
  readonly params: Readonly<Record<string, string>>;
  /** What follows the question mark of the hash. */
  readonly query: URLSearchParams;
}

/** One page. Its code is loaded when it is opened. */
export interface PageEntry {
  /** `/collections/:collection/points`: a part that begins with a colon is a parameter. */
  readonly path: string;
  readonly title: string;
  /** Where a link to it stands: in the navigation, or among the tabs of a collection; without it other pages link to it. */
  readonly place?: "main" | "collection";
  readonly load: () => Promise<{ readonly Page: ComponentType<PageProps> }>;
}
