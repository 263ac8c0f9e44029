import { readFileSync } from "node:fs";
import { MurmurationError } from "./errors.js";

/** A memory that threads share; opaque outside of the module that lays it out, can be posted to another thread. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

/** The part of WebAssembly's JavaScript interface that is needed here (its types come with the DOM, which this is not). */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { env: { readonly [name: string]: SharedMemory | HostFunctions[string] } },
  ) => { readonly exports: Record<string, unknown> };
  readonly Memory: new (options: { initial: number; maximum: number; shared: true }) => SharedMemory;
};

/** Pages of 64 KiB in one memory: the whole 32-bit address space, reserved, not resident. */
const PAGES = 65_536;

/** The modules that are compiled from assembly/, one memory each. */
export type WasmModule = "engine" | "table" | "multi";

const compiled = new Map<WasmModule, object>();

/** A compiled module; read from its file once per thread. A release build takes the one without planted bugs and assertions. */
function moduleOf(name: WasmModule): object {
  let module = compiled.get(name);
  if (module === undefined) {
    module = new WebAssembly.Module(readFileSync(new URL(`../build/${name}.checked.wasm`, import.meta.url)));
    compiled.set(name, module);
  }
  return module;
}

/** A fresh memory, all of it 0. `what` it is for names it in the error: `capacity` when there is no address space left. */
export function reserveMemory(what: string): SharedMemory {
  try {
    return new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  } catch (cause) {
    const message = `no address space left for another ${what} memory (4 GiB each)`;
    throw new MurmurationError("capacity", message, undefined, cause);
  }
}

/** Functions that a module calls. */
export type HostFunctions = { readonly [name: string]: (...values: number[]) => void };

/** An instance of a module for this thread, over a memory; what it exports. */
export function instantiate(
  name: WasmModule,
  memory: SharedMemory,
  functions: HostFunctions = {},
): Record<string, unknown> {
  return new WebAssembly.Instance(moduleOf(name), { env: { ...functions, memory } }).exports;
}
