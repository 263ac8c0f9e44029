import { useState } from "preact/hooks";
import { giveKey, keyAsked, refuseKey } from "./api.js";
import { Dialog } from "./parts/dialog.js";
import { TextField } from "./parts/field.js";

function Asking({ said }: { readonly said: string }) {
  const [key, setKey] = useState("");
  const isUsable = key.trim() !== "" && !/[^\t\x20-\x7e\x80-\xff]/.test(key);
  return (
    <Dialog title="This server asks for a key" onClose={refuseKey}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isUsable) giveKey(key.trim());
        }}
      >
        <p class="dialog-text">
          An API key, or a token. It is kept for this tab alone and forgotten when the tab is closed; a read-only key is
          enough to look.
        </p>
        <TextField
          label="Key or token"
          type="password"
          value={key}
          onInput={setKey}
          error={key !== "" && !isUsable ? "has a character that no key can have" : said === "" ? undefined : said}
        />
        <div class="dialog-actions">
          <button type="button" onClick={refuseKey}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={!isUsable}>
            Go on
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Asks for a key while a request waits for one. */
export function KeyDialog() {
  const said = keyAsked.value;
  return said === undefined ? null : <Asking key={said} said={said} />;
}
