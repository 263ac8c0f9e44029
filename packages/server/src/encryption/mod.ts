// Everything on disk that is encrypted, goes through this room (docs/security.md, "Data at rest").
export { type DataKeys, isSealedBytes, logKeyOf, openBytes, type Sealed, sealBytes } from "./data-keys.js";
