import { apiKey, ask } from "../../api.js";
import { Busy } from "../../parts/busy.js";
import { Data } from "../../parts/data.js";
import { ErrorBox } from "../../parts/error-box.js";
import { Table } from "../../parts/table.js";
import { href } from "../../route.js";
import { useResource } from "../../use-resource.js";

interface Listed {
  readonly collections: readonly { readonly name: string }[];
}

/** All collections that whoever asks may see. */
export function Page() {
  const { value, error, reload } = useResource((signal) => ask<Listed>("GET", "/collections", { signal }), [], 5_000);
  return (
    <>
      <ErrorBox what="The collections could not be read" error={error} onRetry={reload} />
      {value === undefined ? (
        error === undefined ? (
          <Busy />
        ) : null
      ) : (
        <Table
          caption="Collections"
          columns={[
            {
              title: "Name",
              isRowHeader: true,
              cell: ({ name }) => (
                <a href={href("/collections/:collection/points", { collection: name })}>
                  <Data text={name} max={80} isBrief />
                </a>
              ),
            },
          ]}
          rows={value.collections}
          keyOf={({ name }) => name}
          empty={
            apiKey.value === ""
              ? "There is no collection yet."
              : "There is no collection yet, or none that this key may see."
          }
        />
      )}
    </>
  );
}
