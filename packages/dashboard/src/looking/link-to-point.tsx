import { printJson } from "../json.js";
import { Data } from "../parts/data.js";
import { href } from "../route.js";

export type Id = number | bigint | string;

/** Where a point is shown with all that it has. */
export const pointLink = (collection: string, id: Id): string =>
  href("/collections/:collection/points", { collection }, { filter: printJson({ must: [{ has_id: [id] }] }) });

/** A point's id, which leads to the point. */
export function PointLink({ collection, id }: { readonly collection: string; readonly id: Id }) {
  return (
    <a href={pointLink(collection, id)}>
      <Data text={String(id)} max={40} isBrief />
    </a>
  );
}
