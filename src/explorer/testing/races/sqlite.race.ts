import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { race } from "holdfast/explorer";
import {
  balance,
  makeBank,
  makeTransfer,
  total,
  transfer,
  transferInTwo,
  withdraw,
  withdrawCarelessly,
} from "./bank.ts";

const check = () => assert.equal(balance(), 40);

export const careless = race({
  setup: makeBank,
  processes: { a: withdrawCarelessly, b: withdrawCarelessly },
  check,
});

export const careful = race({ setup: makeBank, processes: { a: withdraw, b: withdraw }, check });

const whole = () => assert.equal(total(), 100);

/** Killed inside the transaction: it never happened. Killed after the commit: it did. */
export const killed = race({
  setup: makeTransfer,
  crashes: 1,
  restart: "never",
  processes: { a: transfer },
  check: whole,
});

export const killedBetween = race({
  setup: makeTransfer,
  crashes: 1,
  restart: "never",
  processes: { a: transferInTwo },
  check: whole,
});

/** What was committed is there after the power went. */
export const durable = race({
  setup: makeBank,
  powerLoss: true,
  restart: "never",
  processes: {
    a: () => {
      withdraw();
      // From here on the withdrawal is promised.
      new DatabaseSync("/promised.db").close();
    },
  },
  check: () => {
    if (promised()) assert.equal(balance(), 70);
  },
});

function promised(): boolean {
  try {
    new DatabaseSync("/promised.db", { readOnly: true }).close();
    return true;
  } catch {
    return false;
  }
}

/** Who meets a lock and will not wait is told. */
export const impatient = race({
  setup: makeBank,
  processes: {
    a: withdraw,
    b: () => {
      const db = new DatabaseSync("/bank.db");
      db.exec("BEGIN IMMEDIATE");
      db.exec("COMMIT");
    },
  },
});
