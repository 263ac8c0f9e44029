import { fileHoursDefault, fileMebibytesDefault } from "./audit-log/audit-limits.js";
import { integerFrom, type OptionRow, onOrOff, text } from "./option-row.js";

function whenItFails(value: string): string {
  if (value === "refuse" || value === "continue") return value;
  throw new Error("must be refuse or continue");
}

/** Options of the audit log. */
export const auditOptions: readonly OptionRow[] = [
  {
    name: "audit-log",
    key: "auditLog",
    placeholder: "folder",
    description: "folder in which it is recorded who wrote what, and who was refused; on: audit in the data folder",
    defaultValue: "",
    parse: text,
  },
  {
    name: "audit-reads",
    key: "auditReads",
    placeholder: "",
    description: "record reads, too; one thread answers all of them then",
    defaultValue: false,
    isSwitch: true,
    parse: onOrOff,
  },
  {
    name: "audit-file-mib",
    key: "auditFileMebibytes",
    placeholder: "MiB",
    description: "a file of the audit log that is larger is followed by another one",
    defaultValue: fileMebibytesDefault,
    parse: integerFrom(1, 4_096),
  },
  {
    name: "audit-file-hours",
    key: "auditFileHours",
    placeholder: "hours",
    description: "so is one that is older",
    defaultValue: fileHoursDefault,
    parse: integerFrom(1, 8_784),
  },
  {
    name: "audit-keep-days",
    key: "auditKeepDays",
    placeholder: "days",
    description: "files of which all is older are removed, which the log records; 0 keeps all",
    defaultValue: 0,
    parse: integerFrom(0, 36_600),
  },
  {
    name: "audit-head-file",
    key: "auditHeadFile",
    placeholder: "file",
    description:
      "another file, on another disk for example, for the head of the log, by which it is found that its end was cut off",
    defaultValue: "",
    parse: text,
  },
  {
    name: "audit-key-file",
    key: "auditKeyFile",
    placeholder: "file",
    description: "PEM file of an Ed25519 key that signs heads",
    defaultValue: "",
    parse: text,
  },
  {
    name: "audit-on-failure",
    key: "auditOnFailure",
    placeholder: "what",
    description: "while the audit log cannot be written: refuse writes, or continue and count what is missing",
    defaultValue: "refuse",
    parse: whenItFails,
  },
];
