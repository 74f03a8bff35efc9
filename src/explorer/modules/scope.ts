// What instances with the same globals have in common: they come by the thousand, the globals of a process stay.

import type { CompiledFile, Maker } from "./compile.ts";
import type { GlobalObject, Globals } from "./global-object.ts";
import { lastingNamespace, type Namespace } from "./interop.ts";

export class Scope {
  readonly #globals: Globals;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #arguments: readonly unknown[];
  readonly #makers = new Map<CompiledFile, Maker>();
  readonly #namespaces = new Map<string, Namespace>();

  /** `values` do not change any more. */
  constructor(globals: Globals, values: Readonly<Record<string, unknown>>) {
    this.#globals = globals;
    this.#values = values;
    this.#arguments = globals.argumentsOf(values);
  }

  makerOf(file: CompiledFile): Maker {
    let maker = this.#makers.get(file);
    if (maker === undefined) {
      maker = file.maker(this.#globals.parameters, this.#arguments);
      this.#makers.set(file, maker);
    }
    return maker;
  }

  /** What is imported of a builtin that nobody has patched. `give` gives one out, from where on it may be. */
  namespaceOf(builtin: string, face: unknown, give: (builtin: string) => unknown): Namespace {
    let namespace = this.#namespaces.get(builtin);
    if (namespace === undefined) {
      namespace = lastingNamespace(builtin, face, give);
      this.#namespaces.set(builtin, namespace);
    }
    return namespace;
  }

  /** It was changed, and is not what the next instance is to see. */
  forget(builtin: string, namespace: Namespace): void {
    if (this.#namespaces.get(builtin) === namespace) this.#namespaces.delete(builtin);
  }

  /** A `globalThis` of its own for an instance. */
  makeGlobal(): GlobalObject {
    return this.#globals.make(this.#values);
  }
}
