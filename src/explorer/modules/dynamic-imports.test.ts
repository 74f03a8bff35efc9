import assert from "node:assert/strict";
import { test } from "node:test";
import { transformSync } from "esbuild";
import fc from "fast-check";
import { dynamicImportsAs } from "./dynamic-imports.ts";

/** Statements, and how many `import()` each has. */
const STATEMENTS: readonly (readonly [string, number])[] = [
  ['import("a");', 1],
  ["f(import(import(x)), ...[1, import(y)], ...import(z));", 4],
  [`x = 'import(1)' + "import(\\"2)" + \`import(3) \\\` import(\\\${4})\`;`, 0],
  [`x = \`a \${import("b")} \${\`nested \${{ a: import(c) }.a} }\`} import(\`;`, 2],
  [
    "class A { import(a) { return import(a) } static import(a) {} async *import(b) {} get import() {} #import(c) { this.#import(c) } }",
    1,
  ],
  ["x = { import(a) { }, async import(b) { await import(b) }, import: (c) => c };", 1],
  ["x.import(1); x?.import(2); x.y.import(3); $import(4); import$(5);", 0],
  ["/import(x)/.test(y); x = /[/import(]\"`/; if (x) /'import(/.test(y); f(/\\/import(/);", 0],
  ["x = a / import(b).c / 2; x = (a) / 2; x = a[0] / import(b); x /= 2; x = a++ / 2 / import(c);", 3],
  ['function g() { return /import("/.exec(x) } function* h() { yield /`/; yield import(x) }', 1],
  ["// import(x) ' \" `\n", 0],
  ["/*! import(x) ' \" ` */", 0],
  [
    "async function k() { for await (const m of [import(a)]) { } if (await import(b)) { } while (import(c)) { break } }",
    3,
  ],
  ['label: { x = typeof /import(/ } if (x) { } /import("/.test(x);', 0],
  ["x = a ? import(b) : { }; x = (a, import(/* why */ b)); new (import(c))();", 3],
];

test("every import() gets its other name, and nothing else changes", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...STATEMENTS), { minLength: 1, maxLength: 12 }), (statements) => {
      const source = statements.map(([text]) => `{ ${text} }`).join("\n");
      const printed = transformSync(source, { target: "esnext" }).code;
      const renamed = dynamicImportsAs("$other", printed);
      const expected = statements.reduce((sum, [, count]) => sum + count, 0);
      assert.equal(renamed.split("$other(").length - 1, expected, renamed);
      assert.equal(renamed.replaceAll("$other(", "import("), printed);
    }),
    { numRuns: 300 },
  );
});
