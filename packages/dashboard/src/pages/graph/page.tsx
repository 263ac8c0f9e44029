import { useState } from "preact/hooks";
import { type Collection, type DenseVector, vectorTitle } from "../../looking/vectors.js";
import { WithDenseVectors } from "../../looking/with-dense-vectors.js";
import type { PageProps } from "../../page.js";
import { SelectField } from "../../parts/field.js";
import { Tabs } from "../../parts/tabs.js";
import { Links } from "./links.js";
import { WalkView } from "./walk-view.js";
import "../../looking/looking.css";

/** The search graph of a collection: a node and its links by layer, and how a query walks. */
export function Page({ params }: PageProps) {
  const collection = params["collection"] ?? "";
  const none = "This collection has no dense vectors, and so no graph: all others are searched exactly.";
  return (
    <WithDenseVectors collection={collection} none={none}>
      {(info) => <Graph collection={collection} info={info} />}
    </WithDenseVectors>
  );
}

function Graph({ collection, info }: { readonly collection: string; readonly info: Collection }) {
  const [name, setName] = useState(info.vectors[0]?.name ?? "");
  const [tab, setTab] = useState("links");
  const vector = info.vectors.find((one) => one.name === name) ?? (info.vectors[0] as DenseVector);
  return (
    <>
      {info.vectors.length > 1 ? (
        <div class="controls graph-vector">
          <SelectField
            label="Vector"
            value={name}
            options={info.vectors.map((one) => ({ value: one.name, label: vectorTitle(one) }))}
            onChange={setName}
          />
        </div>
      ) : null}
      <Tabs
        label="Ways to look at the graph"
        shown={tab}
        onShow={setTab}
        tabs={[
          {
            id: "links",
            title: "A node and its links",
            content: () => <Links key={name} collection={collection} vector={vector} />,
          },
          {
            id: "walk",
            title: "The walk of a query",
            content: () => <WalkView key={name} collection={collection} vector={vector} />,
          },
        ]}
      />
    </>
  );
}
