import { useState } from "preact/hooks";
import { CopyButton } from "../../parts/copy-button.js";
import { Tabs } from "../../parts/tabs.js";
import { type ApiRequest, KEY_VARIABLE, type Target } from "../../requests/api-request.js";
import { curlOf } from "../../requests/curl.js";
import { javascriptOf } from "../../requests/javascript.js";
import { pythonOf } from "../../requests/python.js";

const languages = [
  { id: "curl", title: "curl", code: curlOf },
  { id: "javascript", title: "JavaScript", code: javascriptOf },
  { id: "python", title: "Python", code: pythonOf },
] as const;

/** Characters of code that are shown; all of it is copied. */
const SHOWN_MAX = 20_000;

export interface CodeViewProps {
  readonly request: ApiRequest;
  readonly target: Target;
}

/** The same request in other words: for a shell, and for the official clients. */
export function CodeView({ request, target }: CodeViewProps) {
  const [shown, setShown] = useState("curl");
  return (
    <>
      <Tabs
        label="Language"
        shown={shown}
        onShow={setShown}
        tabs={languages.map(({ id, title, code }) => ({
          id,
          title,
          content: () => {
            const text = code(request, target);
            return (
              <>
                <div class="row console-copy">
                  <CopyButton text={text} label={`Copy the ${title === "curl" ? "command" : "code"}`} />
                </div>
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
                <pre class="console-code" dir="ltr" tabIndex={0}>
                  {text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX).toWellFormed()}…` : text}
                </pre>
              </>
            );
          },
        }))}
      />
      {target.hasKey ? <p class="soft">{`The key is taken from the environment: ${KEY_VARIABLE}.`}</p> : null}
    </>
  );
}
