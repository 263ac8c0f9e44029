import { useState } from "preact/hooks";
import { apiKey, ask, path } from "../../api.js";
import { Card } from "../../parts/card.js";
import { Data } from "../../parts/data.js";
import { question } from "../../parts/dialog.js";
import { ErrorBox } from "../../parts/error-box.js";
import { TextField } from "../../parts/field.js";
import { notify } from "../../parts/toast.js";
import { useResource } from "../../use-resource.js";

interface AliasList {
  readonly aliases: readonly { readonly alias_name: string; readonly collection_name: string }[];
}

/** The aliases of a collection: other names by which it is found. */
export function Aliases({ collection }: { readonly collection: string }) {
  const [name, setName] = useState("");
  const list = useResource<AliasList>(
    (signal) => ask("GET", path`/collections/${collection}/aliases`, { signal }),
    [collection],
  );
  const change = async (action: object, done: string) => {
    try {
      await ask("POST", "/collections/aliases", { body: { actions: [action] } });
      notify(done);
      setName("");
    } catch (error) {
      notify(`The aliases are as they were: ${(error as Error).message}`, "failed");
    }
    list.reload();
  };
  const add = async () => {
    const text = (
      <>
        Let the name “<Data text={name} max={80} isBrief />” lead to the collection “
        <Data text={collection} max={80} isBrief />
        ”? If it leads to another one, it is moved.
      </>
    );
    if (await question({ title: "Add an alias?", text, action: "Add the alias" })) {
      await change({ create_alias: { collection_name: collection, alias_name: name } }, "The alias was added.");
    }
  };
  const remove = async (alias: string) => {
    const text = (
      <>
        Remove the alias “<Data text={alias} max={80} isBrief />
        ”? Who asks for it finds nothing then; the collection stays.
      </>
    );
    if (await question({ title: "Remove an alias?", text, action: "Remove the alias", isDangerous: true })) {
      await change({ delete_alias: { alias_name: alias } }, "The alias was removed.");
    }
  };
  const aliases = list.value?.aliases ?? [];
  return (
    <Card title="Aliases">
      <ErrorBox what="The aliases could not be read" error={list.error} onRetry={list.reload} />
      {list.value?.aliases.length === 0 ? (
        <p class="soft">The collection has no other name{apiKey.value === "" ? "" : " that this key may see"}.</p>
      ) : null}
      <ul class="aliases">
        {aliases.map(({ alias_name: alias }) => (
          <li key={alias} class="row">
            <Data text={alias} max={80} isBrief />
            <button
              type="button"
              class="small danger"
              aria-label={`Remove the alias ${alias.slice(0, 80)}`}
              onClick={() => void remove(alias)}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      <form
        class="row configuration-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (name !== "") void add();
        }}
      >
        <TextField label="Another name" value={name} onInput={setName} />
        <button type="submit" disabled={name === ""}>
          Add the alias
        </button>
      </form>
    </Card>
  );
}
