import { signal } from "@preact/signals";
import { type Place, placeOf } from "./route.js";

/** Where the page is now. */
export const place = signal<Place>(placeOf(location.hash));

window.addEventListener("hashchange", () => {
  place.value = placeOf(location.hash);
});

/** Goes to a link that `href` made; `replace`: without a step back to where it was. */
export function go(link: string, { replace = false } = {}): void {
  if (replace) location.replace(link);
  else location.hash = link;
}
