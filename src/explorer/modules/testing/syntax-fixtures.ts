// What the compiler must not change, or must not stumble over.

import type { Fixture } from "./fixtures.ts";

export const SYNTAX_FIXTURES: readonly Fixture[] = [
  {
    about: "import()",
    files: {
      "main.mjs": `
        const log = []; let name = "./a.mjs"; const object = { import(x) { return "method " + x } }; class C { import(x) { return x } static import = (x) => x }
        export const done = (async () => {
          const promise = import(name); name = "./absent.mjs"; console.log((await promise).a, (await import(await Promise.resolve("./a.mjs"))).a);
          console.log(object.import(1), new C().import(2), C.import(3), "import(x)", \`import(\${(await import("./a.mjs")).a}) import(\`, /import(x)/.source);
          const quotient = 4 / 2; const also = (quotient) / 2; if (quotient) /import(")/.test("x"); console.log(quotient / 2, also);
          await import("./throws.mjs").catch((error) => console.log(error.message)); await import("./throws.mjs").catch((error) => console.log(error.message));
          await import("./absent.mjs").catch((error) => console.log(error.code)); await import({ toString() { throw new Error("no name") } }).catch((error) => console.log(error.message));
          console.log((await import("./c.cjs")).default.c, (await (await import("./c.cjs")).default.later("./a.mjs")).a, (await import("./a.mjs?1")) === (await import("./a.mjs")));
          console.log((await import(/* comment */ "./a.mjs")).a, await import("./then.mjs"), (await import("node:os")).default === (await import("os")).default);
        })();
        import("./a.mjs").then(() => console.log("then")); console.log("first");`,
      "a.mjs": `console.log("a runs", import.meta.url.split("/").pop()); export const a = "a";`,
      "throws.mjs": `console.log("throws runs"); throw new Error("thrown");`,
      "c.cjs": `module.exports = { c: "c", later: (name) => import(name) }; // import("x")`,
      "then.mjs": `export function then(resolve) { resolve("thenable") }`,
    },
  },
  {
    about: "what an ES module does not have, and may declare itself",
    files: {
      "main.mjs": `
        import { createRequire } from "node:module"; import { fileURLToPath } from "node:url"; import { dirname } from "node:path";
        console.log(typeof require, typeof module, typeof exports, typeof __filename, typeof __dirname, this, (function () { return this })());
        try { module.exports = 1 } catch (error) { console.log(error.name) } try { undeclared = 1 } catch (error) { console.log(error.name) }
        import * as other from "./other.mjs"; console.log(other.module, other.exports, other.require("./c.cjs"), other.__dirname === dirname(fileURLToPath(import.meta.url)));`,
      "other.mjs": `import { createRequire } from "node:module"; import { fileURLToPath } from "node:url"; import { dirname } from "node:path";
        const require = createRequire(import.meta.url); const module = "module"; let exports = "exports"; const __filename = fileURLToPath(import.meta.url); const __dirname = dirname(__filename);
        export { require, module, exports, __dirname };`,
      "c.cjs": `module.exports = "c";`,
    },
  },
  {
    about: "names of globals declared by the file",
    files: {
      "main.cjs": `const crypto = require("crypto"); const process = require("process"); let fetch = 1; class Date {} function setTimeout() { return "mine" } var performance = performance || "hoisted";
        const { setImmediate } = require("timers"); const globalThis_ = globalThis; console.log(typeof crypto.createHash, typeof process.pid, fetch, typeof new Date(), setTimeout(), performance, typeof setImmediate);
        console.log(require("./esm.mjs").all);`,
      "esm.mjs": `import process from "node:process"; import { setTimeout } from "node:timers/promises"; const crypto = 1; let Math = { max: () => "mine" }; export const all = [typeof process.pid, setTimeout.length, crypto, Math.max()];`,
    },
  },
  {
    about: "globalThis",
    files: {
      "main.mjs": `globalThis.mine = 1; console.log(globalThis.mine, typeof globalThis.setTimeout, "process" in globalThis, globalThis === global, globalThis.globalThis === globalThis, globalThis.Object === Object, globalThis.process === process);
        console.log(typeof globalThis.crypto, typeof globalThis.performance.now, typeof globalThis.navigator, globalThis.undefined, delete globalThis.mine, globalThis.mine, typeof absent, globalThis.absent);
        Object.defineProperty(globalThis, Symbol.for("x"), { value: 3, configurable: true }); console.log(globalThis[Symbol.for("x")], Object.hasOwn(globalThis, "setTimeout")); delete globalThis[Symbol.for("x")];
        globalThis.fetch = undefined; console.log(globalThis.fetch); import "./c.cjs";`,
      "c.cjs": `var root = typeof global == "object" && global && global.Object === Object && global; console.log(typeof root.setTimeout, root === globalThis);`,
    },
  },
  {
    about: "the format of a file",
    files: {
      "main.mjs": `import detected from "./detected.js"; import comment from "./comment.js"; import typed from "./typed/x.js"; import cjs from "./typed/x.cjs"; import meta from "./meta.js";
        console.log(detected, comment, typed, cjs, meta);
        export const done = Promise.all(["./typed-cjs/esm.js", "./bad.js", "./bad.mjs"].map((name) => import(name).catch((error) => console.log(error.name))));`,
      "detected.js": `import "./comment.js"; export default "detected";`,
      "comment.js": `// import x from "y";\nconst text = "export default 1"; module.exports = "commonjs " + typeof module;`,
      "meta.js": `const url = import.meta.url; export default typeof url;`,
      "typed/package.json": `{ "type": "module" }`,
      "typed/x.js": `export default typeof module;`,
      "typed/x.cjs": `module.exports = typeof module;`,
      "typed-cjs/package.json": `{ "type": "commonjs" }`,
      "typed-cjs/esm.js": `export default 1;`,
      "bad.js": `const x = ;`,
      "bad.mjs": `export const x = ;`,
    },
  },
  {
    about: "TypeScript",
    files: {
      "main.ts": `
        import { type Shape, area, Kind, Deep } from "./shapes.ts"; import type { Absent } from "./absent.ts"; import { type T } from "./only-types.ts";
        const shape: Shape = { kind: Kind.Square, side: 3 } satisfies Shape; console.log(area(shape), Kind[1], Deep.value);
        class Base { constructor(readonly a: number, protected b = 2) {} declare c: string; d?: number; sum(this: Base): number { return this.a + this.b } }
        console.log(new Base(1).sum(), Object.keys(new Base(1)).sort(), (<T,>(x: T) => x)(4), shape!.side as unknown as string); abstract class A<X> { abstract x(): X }
        const x: T = "x"; function over(a: string): void; function over(a: unknown): void { console.log(a) } over(x); import { c } from "./c.cts"; console.log(c);`,
      "shapes.ts": `export enum Kind { Round, Square } export interface Shape { kind: Kind; side: number } export const area = (shape: Shape): number => shape.side ** 2; export namespace Deep { export const value = "deep" }`,
      "only-types.ts": `export type T = string;`,
      "c.cts": `const c: string = "c"; module.exports = { c };`,
    },
  },
  {
    about: "newer syntax, hashbangs, bundles with helpers of their own",
    files: {
      "main.mjs": `#!/usr/bin/env node
        class C { #p = 1; static s = 2; static { C.t = this.s } field = this.#p; static has(o) { return #p in o } get [Symbol.toStringTag]() { return "C" } }
        console.log(new C().field, C.t, C.has(new C()), String(new C()), /[\\p{L}--[a-z]]/v.test("A"), 1_000, null ?? 2, ({ a: 1 })?.b?.c);
        { using resource = { [Symbol.dispose]() { console.log("disposed") } }; console.log("used") }
        label: for (const i of [1, 2]) { for (;;) continue label } console.log(\`\${\`nested \${"}"}\`}\`, "\u2028".length);
        import bundle, { value } from "./bundle.mjs"; import "./bin.cjs"; import "./bundle-start.mjs"; console.log(bundle, value, import.meta.main, import.meta.filename.endsWith("main.mjs"), import.meta.dirname.length > 1);
        console.log(import.meta.resolve("./x.js") === new URL("./x.js", import.meta.url).href, import.meta.resolve("fs"), Object.keys(import.meta).sort());`,
      "bin.cjs": `#!/usr/bin/env node\nconsole.log("bin", typeof require);`,
      "bundle.mjs": `var __defProp = Object.defineProperty; var __export = (target, all) => { for (var name in all) __defProp(target, name, { get: all[name], enumerable: true }); };
        var __toESM = (mod) => "own helper " + mod; var __toCommonJS = 1; var lib = {}; __export(lib, { a: () => 1 }); import os from "node:os"; export default __toESM(lib.a + typeof os); export const value = __toCommonJS;`,
      "bundle-start.mjs": `var __create = Object.create;\nvar __toESM = (mod, isNodeMode, target) => (target = "own",\n  target\n);\nconsole.log(typeof __create, __toESM(1));`,
    },
  },
];
