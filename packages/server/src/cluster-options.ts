import { limits } from "@murmuration/core";
import { advertisedUrl, clusterName, parseHosts, parsePeers, regionName } from "./cluster-config.js";
import { integerFrom, type OptionRow, text } from "./option-row.js";

/** Options of the cluster, and of how its NATS is reached. */
export const clusterOptions: readonly OptionRow[] = [
  {
    name: "region",
    key: "region",
    placeholder: "name",
    description: "name of this replica's region",
    defaultValue: "",
    parse: regionName,
  },
  {
    name: "cluster",
    key: "cluster",
    placeholder: "name",
    description: "name of the cluster; others are not listened to",
    defaultValue: "murmuration",
    parse: clusterName,
  },
  {
    name: "advertise",
    key: "advertise",
    placeholder: "url",
    description: "where other replicas reach this one by HTTP, for what they cannot answer; by default host and port",
    defaultValue: "",
    parse: advertisedUrl,
  },
  {
    name: "peer-url-allow",
    key: "peerUrlAllow",
    placeholder: "host",
    description:
      "a host, or *.domain, at which others advertise themselves: reads go there; the hosts of NATS are allowed",
    defaultValue: "",
    isRepeatable: true,
    parse: (value) => {
      parseHosts(value);
      return value;
    },
  },
  {
    name: "replica-id",
    key: "replicaId",
    placeholder: "id",
    description: "id of a new replica, never used before in its cluster; 0: a random one",
    defaultValue: 0,
    parse: integerFrom(0, limits.originMax),
  },
  {
    name: "nats",
    key: "nats",
    placeholder: "urls",
    description: "NATS of this region, URLs separated by commas; without it the server is alone",
    defaultValue: "",
    parse: text,
  },
  {
    name: "peer",
    key: "peer",
    placeholder: "name=urls",
    description: "another region and its NATS (no URL: the same NATS); once for each",
    defaultValue: "",
    isRepeatable: true,
    parse: (value) => {
      parsePeers(value);
      return value;
    },
  },
  {
    name: "invitation",
    key: "invitation",
    placeholder: "text",
    description: "what `murmur invite` printed, by which a new replica is let into a cluster; better in a file",
    defaultValue: "",
    isSecret: true,
    parse: text,
  },
  {
    name: "invitation-file",
    key: "invitationFile",
    placeholder: "file",
    description: "file that holds that",
    defaultValue: "",
    parse: text,
  },
  {
    name: "cluster-secret-file",
    key: "clusterSecretFile",
    placeholder: "file",
    description:
      "file of 32 characters or more, the same for all replicas: whoever has it may begin the cluster, and is let in",
    defaultValue: "",
    parse: text,
  },
  {
    name: "cluster-key-file",
    key: "clusterKeyFile",
    placeholder: "file",
    description:
      'file with keys that all members share, which seal their messages from brokers; the first seals, all open, the word "plain" stands for none; read again when it changes',
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-user",
    key: "natsUser",
    placeholder: "name",
    description: "user for NATS",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-password",
    key: "natsPassword",
    placeholder: "text",
    description: "password of that user; better in the environment",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-token",
    key: "natsToken",
    placeholder: "text",
    description: "token for NATS; better in the environment",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-nkey-seed-file",
    key: "natsNkeySeedFile",
    placeholder: "file",
    description: "seed of a user's NKey",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-credentials-file",
    key: "natsCredentialsFile",
    placeholder: "file",
    description: "credentials (.creds) of a NATS user",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-ca-file",
    key: "natsCaFile",
    placeholder: "file",
    description: "PEM file of who signed the certificate of NATS",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-cert-file",
    key: "natsCertFile",
    placeholder: "file",
    description: "PEM file of this client's certificate for NATS",
    defaultValue: "",
    parse: text,
  },
  {
    name: "nats-key-file",
    key: "natsKeyFile",
    placeholder: "file",
    description: "PEM file of its key",
    defaultValue: "",
    parse: text,
  },
];
