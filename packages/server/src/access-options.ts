import { keysOfText } from "./access-config.js";
import { type OptionRow, onOrOff, text } from "./option-row.js";

/** One key. */
function keyText(value: string): string {
  if (keysOfText(value).length === 1) return value;
  throw new Error("must be one key");
}

/** Options of who is let in, and of TLS. */
export const accessOptions: readonly OptionRow[] = [
  {
    name: "api-key",
    key: "apiKey",
    placeholder: "key",
    description: "key that lets do everything; visible to who may list processes, better in a file or the environment",
    defaultValue: "",
    isSecret: true,
    parse: keyText,
  },
  {
    name: "api-key-file",
    key: "apiKeyFile",
    placeholder: "file",
    description: "file that holds that key; read again when it changes",
    defaultValue: "",
    parse: text,
  },
  {
    name: "read-only-api-key",
    key: "readOnlyApiKey",
    placeholder: "key",
    description: "key that lets read everything",
    defaultValue: "",
    isSecret: true,
    parse: keyText,
  },
  {
    name: "read-only-api-key-file",
    key: "readOnlyApiKeyFile",
    placeholder: "file",
    description: "file that holds that key; read again when it changes",
    defaultValue: "",
    parse: text,
  },
  {
    name: "api-key-alternate",
    key: "apiKeyAlternate",
    placeholder: "key",
    description: "another key that lets do everything, while clients change from one to the other; once for each",
    defaultValue: "",
    isRepeatable: true,
    isSecret: true,
    parse: (value) => keysOfText(value).join(" "),
  },
  {
    name: "api-key-alternate-file",
    key: "apiKeyAlternateFile",
    placeholder: "file",
    description: "file that holds such keys, one a line or none at all; read again when it changes",
    defaultValue: "",
    parse: text,
  },
  {
    name: "jwt-rbac",
    key: "jwtRbac",
    placeholder: "",
    description: "take tokens (JWT, HS256) that are signed with the API key or an alternate",
    defaultValue: false,
    isSwitch: true,
    parse: onOrOff,
  },
  {
    name: "insecure",
    key: "insecure",
    placeholder: "",
    description: "listen beyond this machine though nobody is asked for a key",
    defaultValue: false,
    isSwitch: true,
    parse: onOrOff,
  },
  {
    name: "tls-cert",
    key: "tlsCert",
    placeholder: "file",
    description: "PEM file of this server's certificate: HTTP by TLS 1.3; files of TLS are read again when they change",
    defaultValue: "",
    parse: text,
  },
  {
    name: "tls-key",
    key: "tlsKey",
    placeholder: "file",
    description: "PEM file of its key",
    defaultValue: "",
    parse: text,
  },
  {
    name: "tls-ca",
    key: "tlsCa",
    placeholder: "file",
    description: "PEM file of who signs certificates of clients: whoever has none is refused",
    defaultValue: "",
    parse: text,
  },
  {
    name: "peer-ca",
    key: "peerCa",
    placeholder: "file",
    description:
      "PEM file of who signed the certificates of other replicas; by default --tls-ca, or whom the runtime believes",
    defaultValue: "",
    parse: text,
  },
];
