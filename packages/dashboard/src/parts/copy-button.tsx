import { useEffect, useRef, useState } from "preact/hooks";
import { notify } from "./toast.js";

/** Browsers give the clipboard only to pages that came by TLS or from this machine: elsewhere the old way is taken. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (!isCopied) throw new Error("the browser does not let this page copy");
}

export interface CopyButtonProps {
  /** What is copied: a text, or what makes one when the button is pressed. */
  readonly text: string | (() => string);
  readonly label?: string;
}

/** Copies a text, and says that it has. */
export function CopyButton({ text, label = "Copy" }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const onClick = () => {
    copy(typeof text === "string" ? text : text()).then(
      () => {
        setCopied(true);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => setCopied(false), 2_000);
      },
      (error: Error) => notify(`It could not be copied: ${error.message}`, "failed"),
    );
  };
  return (
    <button type="button" class="small" onClick={onClick}>
      {isCopied ? "Copied" : label}
    </button>
  );
}
