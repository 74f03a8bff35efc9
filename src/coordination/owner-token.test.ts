import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { isOwnerTokenAlive, ownerToken } from "./index.ts";

test("this process's token is alive, stable, and a file name without underscore", () => {
  assert.equal(ownerToken(), ownerToken());
  assert.match(ownerToken(), /^[0-9a-z-]{20,80}$/);
  assert.equal(isOwnerTokenAlive(ownerToken()), true);
});

test("the token of a process that has ended is dead", async () => {
  const program = `import("${new URL("./index.ts", import.meta.url)}").then((c) => console.log(c.ownerToken()))`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk) => {
    text += String(chunk);
  });
  await once(child, "close");
  assert.match(text.trim(), /^[0-9a-z-]{20,80}$/);
  assert.equal(isOwnerTokenAlive(text.trim()), false);
});

test("what cannot be judged counts as alive: other hosts, and names that are no token", () => {
  assert.equal(isOwnerTokenAlive(`${"0".repeat(16)}${ownerToken().slice(16)}`), true);
  assert.equal(isOwnerTokenAlive("somebody's folder"), true);
  assert.equal(isOwnerTokenAlive(""), true);
});
