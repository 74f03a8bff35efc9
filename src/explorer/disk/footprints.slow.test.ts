// The same as in `footprints.test.ts`, often enough to meet what is seldom.

import { test } from "node:test";
import { isLong } from "../testing/long-tests.ts";
import { exchangeMany } from "./testing/exchange.ts";

const PAIRS = isLong ? 1_000_000 : 20_000;

test(`${PAIRS} random pairs of calls whose footprints do not meet can be exchanged unseen`, (context) => {
  context.diagnostic(exchangeMany(PAIRS));
});
