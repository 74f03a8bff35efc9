// The lock where there are no hard links, under the explorer: two minutes.

import { provedWithoutLinks } from "../testing/race-without-links.ts";

provedWithoutLinks("lock");
provedWithoutLinks("take-over");
provedWithoutLinks("try-lock");
provedWithoutLinks("structural-lock");
