export { inOrder, Lanes } from "./lanes.js";
export type { ListedObject, ObjectStore } from "./object-store.js";
export { isStoreAddress, parseStoreAddress, type StoreAddress, storeAddressText } from "./store-address.js";
export { addressings, isInTheClear, type StoreConfig, type StoreSettings, storeConfigOf } from "./store-config.js";
export { LANES } from "./store-limits.js";
