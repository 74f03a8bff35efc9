// Loaded before each test file when HOLDFAST_SEED is set: property tests draw the same cases each time.

import fc from "fast-check";

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.HOLDFAST_SEED) });
