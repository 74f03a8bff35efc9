// The HTML file: whole, alone, and deaf to what the program under test called its files.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { html } from "./html.ts";
import { SCRIPT } from "./html-script.ts";
import { STYLE } from "./html-style.ts";
import { anyTrace, longTrace } from "./testing/any-trace.ts";
import { SAMPLES, traceOf } from "./testing/sample-traces.ts";

/** Every tag that a file has, wherever it comes from. */
const OWN_TAGS = new Set(
  (
    "!doctype a aside band body circle code dd dl dt g h1 h2 head header html line main meta p path pre rect script " +
    "span style svg text title tspan div"
  ).split(" "),
);

function withoutOwnCode(file: string): string {
  assert.ok(file.includes(SCRIPT) && file.includes(STYLE));
  return file.replace(SCRIPT, () => "").replace(STYLE, () => "");
}

function stepData(file: string): { n: number; rows: [string, string][] }[] {
  const data = /<script type="application\/json" id="steps">([^<]*)<\/script>/.exec(file)?.[1];
  assert.ok(data !== undefined);
  return JSON.parse(data);
}

test("RACE-17 one file: lanes, every step, the losing window marked, links from the sentence to its steps", () => {
  const file = html(SAMPLES.LOST_UPDATE);
  assert.ok(file.startsWith("<!doctype html>"));
  for (const { number } of SAMPLES.LOST_UPDATE.steps) assert.ok(file.includes(`<g id="s${number}" class="step`));
  assert.match(file, /<rect class="window" x="0" y="48" width="\d+" height="312"\/>/);
  assert.match(file, /id="s3" class="step effect is-first"/);
  assert.match(file, /id="s12" class="step effect is-between"/);
  assert.match(file, /id="s15" class="step effect is-last"/);
  assert.ok(
    file.includes('<p class="sentence">a read /balance in <a href="#s3">step 3</a> (&#34;100&#34;), b wrote it in'),
  );
  assert.deepEqual(stepData(file)[2]?.rows.slice(0, 5), [
    ["process", "a"],
    ["call", "read /balance"],
    ["outcome", '"100"'],
    ["in the losing window", "looked"],
    ["asked for at", "balance.race.ts:6:24"],
  ]);
});

test("RACE-17 nothing is loaded from anywhere, and only the file's own script and style apply", () => {
  const file = html(SAMPLES.STALE_TAKEOVER);
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(file)?.[1] ?? "";
  const hash = (text: string): string => createHash("sha256").update(text).digest("base64");
  assert.ok(policy.startsWith("default-src 'none'; "));
  assert.ok(
    policy.includes(`script-src 'sha256-${hash(SCRIPT)}'`) && policy.includes(`style-src 'sha256-${hash(STYLE)}'`),
  );
  assert.ok(!/\b(?:src|style|on\w+)=|url\(|@import|https?:/.test(withoutOwnCode(file).replace(/default-src[^"]*/, "")));
  assert.ok(!/url\(|@import|https?:|innerHTML|eval/.test(SCRIPT + STYLE));
});

test("a hostile file name stays a name", () => {
  const name = `/</script><script>alert(1)</script><!--"'><img src=x onerror=alert(1)>&lt;\u202e\u001b[2J`;
  const file = html(
    traceOf({ kind: "check", process: "", message: `no ${name}` }, [
      [name, `open ${name} (read)`, name, [`r:${name}`], { site: name }],
      ["b", `write ${name}`, "ok", [`w:${name}`]],
      [name, `write ${name}`, "ENOENT", [`w:${name}`]],
    ]),
  );
  assert.equal(file.match(/<\/script/g)?.length, 2);
  assert.ok(!file.includes("<img") && !file.includes("<!--") && !file.includes("\u202e") && !file.includes("\u001b"));
  const shown = name.replace("\u202e", "\\u{202e}").replace("\u001b", "\\u{1b}");
  assert.deepEqual(stepData(file)[0]?.rows.slice(0, 2), [
    ["process", shown],
    ["call", `open ${shown} (read)`],
  ]);
});

test("any trace: every step is there, and no tag that is not the file's own", () => {
  fc.assert(
    fc.property(anyTrace(), (trace) => {
      const file = html(trace);
      assert.ok(file.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/.test(file));
      const rest = withoutOwnCode(file);
      for (const [, tag] of rest.matchAll(/<\/?([^\s>/]*)/g)) assert.ok(OWN_TAGS.has(tag ?? ""), `<${tag}`);
      assert.equal(rest.match(/<\/script/g)?.length, 2);
      assert.equal(rest.match(/<g id="s\d+"/g)?.length ?? 0, trace.steps.length);
      assert.equal(rest.match(/<g /g)?.length, rest.match(/<\/g>/g)?.length);
      assert.equal(stepData(file).length, trace.steps.length);
    }),
    { numRuns: 500 },
  );
});

test("2,000 steps make a file that can be sent", () => {
  assert.ok(html(longTrace(2_000)).length < 4_000_000);
});
