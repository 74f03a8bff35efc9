// One process takes and gives back a lock twice while another tries it: a listing that is stale by then must not let two in.

import { race } from "holdfast/explorer";
import { tryOnce } from "./inside.ts";

export default race({
  processes: {
    twice: async () => {
      await tryOnce();
      await tryOnce();
    },
    once: () => tryOnce(),
  },
});
