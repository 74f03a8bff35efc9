// fetch between processes, as the code under test meets it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "../explore.ts";
import type { DefinedRace } from "../race.ts";
import * as races from "./testing/network.race.ts";

async function proved(race: DefinedRace): Promise<void> {
  const report = await inspect(race);
  assert.equal(report.verdict, "proved", report.trace?.violation.stack);
}
async function violated(race: DefinedRace, how: RegExp, step?: RegExp): Promise<void> {
  const { verdict, trace } = await inspect(race);
  assert.equal(verdict, "violated");
  assert.match(trace?.violation.message ?? "", how);
  const steps = trace?.steps.map(({ call, outcome }) => `${call} -> ${outcome}`) ?? [];
  if (step !== undefined)
    assert.ok(
      steps.some((one) => step.test(one)),
      steps.join("\n"),
    );
}
const TWICE = /sum: 10/;

test("RACE-10 a request and its response pass whole between processes; nobody there is ECONNREFUSED", () =>
  proved(races.roundTrip));
test("RACE-10 two calls arrive in any order, without any fault", () => violated(races.anyOrder, /deep-equal/));
test("RACE-10 a server that waits for calls is no deadlock, and answers the check", () => proved(races.idleServer));
test("RACE-10 without faults a call is handled once", () => proved(races.noFault));
test("RACE-10 a doubled request is handled twice", () => violated(races.doubled, TWICE, /^request of \S+ is doubled/));
test("RACE-10 and once where it has a key", () => proved(races.doubledWithKey));
test("RACE-10 a lost answer makes the caller try again", () =>
  violated(races.dropped, TWICE, /^response of \S+ is lost/));
test("RACE-10 which a key makes good", () => proved(races.droppedWithKey));
test("RACE-10 who sets no time limit waits for ever for what was lost", () =>
  violated(races.droppedForGood, /waits for ever/));
test("RACE-10 of what was lost nobody hears, also when the server closes", () => proved(races.droppedThenClosed));
test("RACE-10 a late message is overtaken by the time limit", () => violated(races.delayed, TWICE, /held back|late/));
test("RACE-10 and comes to nothing where it has a key", () => proved(races.delayedWithKey));
test("RACE-10 a connection is reset behind its request", () => violated(races.reset, TWICE, /is reset behind/));
test("RACE-10 or before, and a key makes both good", () => proved(races.resetWithKey));
test("RACE-10 two processes that are parted do not reach each other for a while", () =>
  violated(races.parted, /no answer after three tries/, /are parted/));
test("RACE-10 a server that dies refuses, resets or has answered", () => proved(races.serverDies));
test("RACE-10 and may have done what it was asked to", () =>
  violated(races.serverDiesLate, /true !== false/, /reset by/));
test("RACE-10 an origin is served once", () => violated(races.twoServers, /EADDRINUSE/));
test("RACE-10 a call that is given up rejects with AbortError, and may have been handled", () =>
  violated(races.aborted, /true !== false/));
