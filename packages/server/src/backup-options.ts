import { addressings, type StoreSettings } from "./object-store/mod.js";
import { integerFrom, type OptionRow, text } from "./option-row.js";

const minutesOfTwoWeeks = 20_160;

function addressing(value: string): string {
  if (addressings.some((one) => one === value)) return value;
  throw new Error(`must be one of ${addressings.join(", ")}`);
}

/** Options of a store for backups, for the server and for commands on backups. */
export const storeOptions: readonly (OptionRow & { readonly key: keyof StoreSettings })[] = [
  {
    name: "backup-endpoint",
    key: "backupEndpoint",
    placeholder: "URL",
    description: "server that speaks the protocol of S3; without it that of Amazon",
    defaultValue: "",
    parse: text,
  },
  {
    name: "backup-region",
    key: "backupRegion",
    placeholder: "name",
    description: "region of the bucket",
    defaultValue: "us-east-1",
    parse: text,
  },
  {
    name: "backup-addressing",
    key: "backupAddressing",
    placeholder: "where",
    description:
      "where the bucket's name stands in requests: path, or host, before the host's; by default path with --backup-endpoint, else host",
    defaultValue: "",
    parse: addressing,
  },
  {
    name: "backup-ca-file",
    key: "backupCaFile",
    placeholder: "file",
    description: "certificates (PEM) that the endpoint's must come from, in place of those that the system trusts",
    defaultValue: "",
    parse: text,
  },
  {
    name: "backup-credentials-file",
    key: "backupCredentialsFile",
    placeholder: "file",
    description:
      "keys of the store, in the form of ~/.aws/credentials; without it as the SDK finds them: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY first",
    defaultValue: "",
    parse: text,
  },
];

/** Options of backups, in the order of the help. */
export const backupOptions: readonly OptionRow[] = [
  {
    name: "backup-folder",
    key: "backupFolder",
    placeholder: "folder",
    description: "folder for backups; without it, or --backup-to, there are none",
    defaultValue: "",
    parse: text,
  },
  {
    name: "backup-to",
    key: "backupTo",
    placeholder: "address",
    description: "bucket for backups, s3://bucket/prefix, in place of a folder",
    defaultValue: "",
    parse: text,
  },
  ...storeOptions,
  {
    name: "backup-every",
    key: "backupEveryMinutes",
    placeholder: "minutes",
    description: "make a backup so long after the last one; 0 only on request",
    defaultValue: 0,
    parse: integerFrom(0, minutesOfTwoWeeks),
  },
  {
    name: "backup-keep",
    key: "backupKeep",
    placeholder: "count",
    description: "so many backups of this replica are kept, the newest",
    defaultValue: 7,
    parse: integerFrom(1, 100_000),
  },
  {
    name: "backup-log-every",
    key: "logEveryMinutes",
    placeholder: "minutes",
    description:
      "send operations to the bucket so long after the last time, so that every moment can be restored; 0 never",
    defaultValue: 0,
    parse: integerFrom(0, minutesOfTwoWeeks),
  },
  {
    name: "drill-every",
    key: "drillEveryMinutes",
    placeholder: "minutes",
    description:
      "restore the newest backup into the data folder, compare and remove it, so long after the last time; 0 never",
    defaultValue: 0,
    parse: integerFrom(0, minutesOfTwoWeeks),
  },
];
