import { masterKeysOf } from "./encryption/master-keys.js";
import { type OptionRow, text } from "./option-row.js";

/** One key, and those of before. */
function keyText(value: string): string {
  masterKeysOf(value);
  return value;
}

/** Options of what is encrypted on disk. */
export const encryptionOptions: readonly OptionRow[] = [
  {
    name: "encryption-key-file",
    key: "encryptionKeyFile",
    placeholder: "file",
    description:
      "file that holds the key under which everything on disk is encrypted, 32 bytes as hex or base64, behind it those of before, a line each; read again when it changes",
    defaultValue: "",
    parse: text,
  },
  {
    name: "encryption-key",
    key: "encryptionKey",
    placeholder: "key",
    description: "that key; visible to who may list processes, better in a file or the environment",
    defaultValue: "",
    isSecret: true,
    parse: keyText,
  },
  {
    name: "key-command",
    key: "keyCommand",
    placeholder: "command",
    description: "command for a shell that prints that key, such as one that asks a KMS; run again on SIGHUP",
    defaultValue: "",
    parse: text,
  },
];
