// Small packages that tell what they see with `console.log`: Node and the loader must print the same.
//
// Each fixture is a folder of files; `main.*` is loaded, and its export `done` awaited.

export interface Fixture {
  readonly about: string;
  readonly files: Readonly<Record<string, string>>;
}

export const MODULE_FIXTURES: readonly Fixture[] = [
  {
    about: "live bindings",
    files: {
      "main.mjs": `
        import { count, inc, list as renamed } from "./counter.mjs";
        import * as counter from "./counter.mjs";
        inc(); inc();
        console.log(count, counter.count, renamed, Object.keys(counter), counter[Symbol.toStringTag]);
        console.log("inc" in counter, "nothing" in counter, Object.isExtensible, typeof counter.default);
        try { counter.count = 5 } catch (error) { console.log(error.name) }`,
      "counter.mjs": `export let count = 0; export function inc() { count++ } const l = [1]; export { l as list, l as "a string" };
        export default class { static x = 1 }`,
    },
  },
  {
    about: "cycles of ES modules",
    files: {
      "main.mjs": `import { a, viaB } from "./a.mjs"; import { b } from "./b.mjs"; console.log(a(), b(), viaB());`,
      "a.mjs": `import { b, early, late } from "./b.mjs"; console.log("a runs", early); export function a() { return "a" }
        export const viaB = () => b() + late(); export const constant = 1;`,
      "b.mjs": `import { a, constant } from "./a.mjs"; export const early = a();
        try { console.log(constant) } catch (error) { console.log(error.name, error.message) }
        export function b() { return "b" } export const late = () => constant;`,
    },
  },
  {
    about: "export * from",
    files: {
      "main.mjs": `import * as all from "./all.mjs"; import { x, y, own, ns, d, cjs } from "./all.mjs";
        console.log(Object.keys(all).sort(), x, y(), own, ns.x, d, cjs, all.default);
        import * as cyclic from "./cyclic-a.mjs"; console.log(Object.keys(cyclic).sort(), cyclic.one, cyclic.two, cyclic.three);`,
      "all.mjs": `export * from "./one.mjs"; export * from "./two.mjs"; export * from "./three.cjs"; export const own = "own";
        export * as ns from "./one.mjs"; export { default as d } from "./one.mjs";`,
      "one.mjs": `export let x = 1; export const own = "hidden"; export default "default"; x = 2;`,
      "two.mjs": `export { y } from "./deep.mjs";`,
      "deep.mjs": `export function y() { return "y" }`,
      "three.cjs": `exports.cjs = "cjs"; exports.default = "no"`,
      "cyclic-a.mjs": `export * from "./cyclic-b.mjs"; export const one = 1;`,
      "cyclic-b.mjs": `export * from "./cyclic-c.mjs"; export const two = 2;`,
      "cyclic-c.mjs": `export * from "./cyclic-a.mjs"; export const three = 3;`,
    },
  },
  {
    about: "import of CommonJS: default is module.exports, also with __esModule",
    files: {
      "main.mjs": `
        import f, { named } from "./function.cjs"; import babel, * as all from "./babel.cjs"; import { named as n2 } from "./babel.cjs";
        import { count, inc } from "./later.cjs"; import later from "./later.cjs";
        console.log(typeof f, named, f.named, JSON.stringify(babel), Object.keys(all).sort(), n2, all.default === babel, all.__esModule);
        inc(); console.log(count, later.count);
        import nothing from "./nothing.cjs"; import number, * as n from "./number.cjs"; console.log(nothing, number, Object.keys(n).sort());
        import { got } from "./getter.cjs"; console.log(got);`,
      "function.cjs": `module.exports = function () {}; module.exports.named = "named";`,
      "babel.cjs": `Object.defineProperty(exports, "__esModule", { value: true }); exports.default = "default"; exports.named = 2;`,
      "later.cjs": `exports.count = 0; exports.inc = () => { exports.count++ };`,
      "nothing.cjs": ``,
      "number.cjs": `module.exports = 7;`,
      "getter.cjs": `var lib = { got: "got" }; Object.defineProperty(exports, "got", { enumerable: true, get: function () { return lib.got } });`,
    },
  },
  {
    about: "require of ES modules",
    files: {
      "main.cjs": `
        const plain = require("./plain.mjs"), withDefault = require("./default.mjs"), whole = require("./whole.mjs"), marked = require("./marked.mjs");
        console.log(Object.keys(plain), plain.a, plain.__esModule);
        console.log(Object.keys(withDefault).sort(), withDefault.default, withDefault.__esModule, withDefault === require("./default.mjs"));
        withDefault.inc(); console.log(withDefault.count, whole, marked.__esModule, marked.default);`,
      "plain.mjs": `export const a = 1;`,
      "default.mjs": `export default "default"; export let count = 0; export const inc = () => { count++ };`,
      "whole.mjs": `export default 1; const whole = () => {}; whole.x = 1; export { whole as "module.exports" };`,
      "marked.mjs": `export default 1; export const __esModule = "mine";`,
    },
  },
  {
    about: "cycles of CommonJS, require.cache, module",
    files: {
      "main.cjs": `
        const a = require("./a.cjs"); console.log(JSON.stringify(a), module.children.length, module.loaded, module.id === __filename);
        const path = require.resolve("./a.cjs"); console.log(path === __dirname + "/a.cjs", require.cache[path].exports === a);
        delete require.cache[path]; console.log(require("./a.cjs") === a, require("./a") === require("./a.cjs"));
        console.log(this === module.exports, arguments.length, typeof arguments[1], require("./folder"), module.require("./a.cjs").name);
        console.log(require.main === module, module.paths[0] === __dirname + "/node_modules", module.path === __dirname);
        try { require("./throws.cjs") } catch (error) { console.log(error.message) } try { require("./throws.cjs") } catch (error) { console.log(error.message) }
        console.log(module.parent === undefined, require("./parent.cjs"), require.resolve.paths("x")[0] === __dirname + "/node_modules");
        if (a) return; console.log("not reached");`,
      "a.cjs": `exports.name = "a"; const b = require("./b.cjs"); exports.b = b.seen;`,
      "a.js": `module.exports = require("./a.cjs")`,
      "b.cjs": `exports.seen = { ...require("./a.cjs") };`,
      "folder/index.js": `module.exports = "index of folder";`,
      "throws.cjs": `global.times = (global.times ?? 0) + 1; throw new Error("time " + global.times);`,
      "parent.cjs": `module.exports = module.parent.filename === __dirname + "/main.cjs" && module.parent.children.includes(module);`,
    },
  },
  {
    about: "packages: conditions, #imports, self-reference, subpaths",
    files: {
      "package.json": `{ "name": "self", "type": "module", "exports": { ".": "./self.js" }, "imports": { "#inner": "./inner.js", "#fs": "dual/sub" } }`,
      "main.js": `
        import dual from "dual"; import sub from "dual/sub"; import inner from "#inner"; import fs from "#fs"; import self from "self"; import { createRequire } from "node:module";
        import sync from "sync"; import old from "old"; import legacy from "old/lib/legacy.js";
        const require = createRequire(import.meta.url);
        console.log(dual, require("dual"), sub, inner, fs, self, require("self").default, sync, require("sync").default, old, legacy);
        for (const name of ["dual/hidden", "absent", "./absent.js", "node:absent", "dual/absent/x"]) {
          await_(import(name)); try { require(name) } catch (error) { console.log(name, error.code) }
        }
        const waiting = []; function await_(promise) { (globalThis.waiting ??= []).push(promise.catch((error) => console.log(error.code))) }
        export const done = Promise.all(globalThis.waiting);`,
      "self.js": `export default "self";`,
      "inner.js": `export default "inner";`,
      "node_modules/dual/package.json": `{ "exports": { ".": { "import": "./i.mjs", "require": "./r.cjs" }, "./sub": { "node": "./node.js", "default": "./other.js" } } }`,
      "node_modules/dual/i.mjs": `export default "by import";`,
      "node_modules/dual/r.cjs": `module.exports = "by require";`,
      "node_modules/dual/node.js": `module.exports = "for node";`,
      "node_modules/sync/package.json": `{ "exports": { "module-sync": "./sync.mjs", "default": "./other.cjs" } }`,
      "node_modules/sync/sync.mjs": `export default "module-sync";`,
      "node_modules/sync/other.cjs": `module.exports = { default: "other" };`,
      "node_modules/old/package.json": `{ "main": "./lib" }`,
      "node_modules/old/lib/index.js": `module.exports = "main";`,
      "node_modules/old/lib/legacy.js": `module.exports = "legacy";`,
    },
  },
  {
    about: "builtins: named imports follow only when told to",
    files: {
      "main.mjs": `
        import querystring, { escape } from "node:querystring"; import * as all from "querystring"; import { syncBuiltinESMExports } from "node:module";
        const original = escape; querystring.escape = () => "patched";
        console.log(escape("a b"), all.escape("a b"), querystring.escape("a b"), all.default === querystring, "escape" in all);
        syncBuiltinESMExports(); console.log(escape("a b"), all.escape("a b"));
        querystring.escape = original; syncBuiltinESMExports(); console.log(escape("a b"), Object.keys(all).sort());
        import { readFile, promises } from "fs"; import * as p from "node:fs/promises"; console.log(typeof readFile, p.readFile === promises.readFile);`,
    },
  },
  {
    about: "the order in which modules run",
    files: {
      "main.mjs": `console.log("main"); import "./1.mjs"; export { two } from "./2.mjs"; import "./3.cjs"; export * from "./4.mjs"; import { five } from "./5.mjs"; console.log(five);
        hoisted(); function hoisted() { console.log("hoisted") }`,
      "1.mjs": `import "./5.mjs"; console.log(1);`,
      "2.mjs": `console.log(2); export const two = 2;`,
      "3.cjs": `console.log(3);`,
      "4.mjs": `console.log(4);`,
      "5.mjs": `console.log(5); export let five = 5;`,
    },
  },
  {
    about: "JSON",
    files: {
      "main.mjs": `import data from "./data.json" with { type: "json" }; import * as all from "./data.json" with { type: "json" };
        import { createRequire } from "node:module"; const required = createRequire(import.meta.url)("./data.json");
        console.log(JSON.stringify(data), Object.keys(all), JSON.stringify(required));
        import("./broken.json", { with: { type: "json" } }).catch((error) => console.log(error.name));
        export const done = import("./data.json", { with: { type: "json" } }).then((m) => console.log(m.default.a));`,
      "data.json": `{ "a": [1, 2], "default": 3 }`,
      "broken.json": `{ "a": `,
    },
  },
];
