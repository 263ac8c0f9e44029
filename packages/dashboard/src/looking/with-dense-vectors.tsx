import type { ComponentChildren } from "preact";
import { Busy } from "../parts/busy.js";
import { ErrorBox } from "../parts/error-box.js";
import { useResource } from "../use-resource.js";
import { type Collection, loadCollection } from "./vectors.js";

export interface WithDenseVectorsProps {
  readonly collection: string;
  /** Said where the collection has no vectors with a graph. */
  readonly none: string;
  /** What is shown of a collection that has one or more. */
  readonly children: (info: Collection) => ComponentChildren;
}

/** What needs dense vectors: loaded with the collection's settings, or why it cannot be shown. */
export function WithDenseVectors({ collection, none, children }: WithDenseVectorsProps) {
  const info = useResource((signal) => loadCollection(collection, signal), [collection]);
  if (info.value === undefined) {
    return info.error === undefined ? (
      <Busy />
    ) : (
      <ErrorBox what="The collection could not be read" error={info.error} onRetry={info.reload} />
    );
  }
  return <>{info.value.vectors.length === 0 ? <p>{none}</p> : children(info.value)}</>;
}
