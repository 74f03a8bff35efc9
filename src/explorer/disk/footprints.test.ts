// Footprints are the ground of the search: they must tell too much rather than too little, and not much too much.

import { test } from "node:test";
import { exchangeMany } from "./testing/exchange.ts";

const PAIRS = 5_000;

test(`${PAIRS} random pairs of calls whose footprints do not meet can be exchanged unseen`, (context) => {
  context.diagnostic(exchangeMany(PAIRS));
});
