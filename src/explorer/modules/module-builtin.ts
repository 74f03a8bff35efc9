// `node:module` for the code under test.

import nodeModule from "node:module";
import { CommonJsModule } from "./common-js.ts";
import type { Instance } from "./instance.ts";

/** What `require("node:module")` gives in an instance: modules that it makes are the instance's. */
export function moduleBuiltin(instance: Instance): unknown {
  const face = class Module extends CommonJsModule {};
  const { builtinModules, isBuiltin, findPackageJSON, stripTypeScriptTypes, SourceMap } = nodeModule;
  return Object.assign(face, {
    Module: face,
    builtinModules,
    createRequire: (from: string | URL) => instance.createRequire(from),
    findPackageJSON,
    findSourceMap: () => undefined,
    isBuiltin,
    SourceMap,
    stripTypeScriptTypes,
    syncBuiltinESMExports: () => instance.syncBuiltins(),
  });
}
