import { useState } from "preact/hooks";
import { ask } from "../../api.js";
import { CopyButton } from "../../parts/copy-button.js";
import { Dialog } from "../../parts/dialog.js";
import { ErrorBox } from "../../parts/error-box.js";
import { SelectField } from "../../parts/field.js";
import { WaitingButton } from "../../parts/waiting-button.js";

const HOUR_S = 3_600;
const lifetimes = [
  { value: String(HOUR_S / 4), label: "15 minutes" },
  { value: String(HOUR_S), label: "an hour" },
  { value: String(24 * HOUR_S), label: "a day" },
];

interface Made {
  readonly invitation: string;
  readonly expires_s: number;
}

function Inviting({ onClose }: { readonly onClose: () => void }) {
  const [seconds, setSeconds] = useState(String(HOUR_S));
  const [made, setMade] = useState<Made>();
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const make = () => {
    setBusy(true);
    ask<Made>("POST", "/murmur/cluster/invitations", { body: { expires_s: Number(seconds) } })
      .then(setMade, setError)
      .finally(() => setBusy(false));
  };
  if (made !== undefined) {
    const label = lifetimes.find(({ value }) => value === String(made.expires_s))?.label ?? "";
    return (
      <Dialog title="The invitation" onClose={onClose}>
        <p class="dialog-text">
          Good for one new replica, for {label}. It is shown here once and kept nowhere: put it into the file that{" "}
          <code>--invitation-file</code> names. Whoever has it gets in.
        </p>
        <pre class="regions-invitation">{made.invitation}</pre>
        <div class="dialog-actions">
          <CopyButton text={made.invitation} />
          <button type="button" class="primary" onClick={onClose}>
            Done
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Invite a replica?" onClose={onClose}>
      <p class="dialog-text">
        An invitation lets one new replica into the cluster, which then holds all data and takes writes as every member
        does.
      </p>
      <ErrorBox what="No invitation was made" error={error} />
      <SelectField label="Good for" value={seconds} options={lifetimes} onChange={setSeconds} />
      <div class="dialog-actions">
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <WaitingButton class="primary" isWaiting={isBusy} onClick={make}>
          Make an invitation
        </WaitingButton>
      </div>
    </Dialog>
  );
}

/** Makes an invitation, after a question, and shows it once. */
export function InviteButton() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="small" onClick={() => setOpen(true)}>
        Invite a replica
      </button>
      {isOpen ? <Inviting onClose={() => setOpen(false)} /> : null}
    </>
  );
}
