// The lock where there are no hard links, under the explorer; its other races are in no-links.long.test.ts.

import { provedWithoutLinks } from "../testing/race-without-links.ts";

provedWithoutLinks("take-over");
