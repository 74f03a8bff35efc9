// An account in a database, and a withdrawal done wrong and right.

import { DatabaseSync } from "node:sqlite";

const FILE = "/bank.db";

function withBank<T>(use: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(FILE, { timeout: 1000 });
  try {
    return use(db);
  } finally {
    db.close();
  }
}

export function makeBank(): void {
  withBank((db) => db.exec("CREATE TABLE account (balance INTEGER); INSERT INTO account VALUES (100)"));
}

export function balance(): number {
  return withBank((db) => (db.prepare("SELECT balance FROM account").get() as { balance: number }).balance);
}

function look(db: DatabaseSync): number {
  return (db.prepare("SELECT balance FROM account").get() as { balance: number }).balance;
}

/** Looks, and then writes. */
export function withdrawCarelessly(): void {
  withBank((db) => db.prepare("UPDATE account SET balance = ?").run(look(db) - 30));
}

/** Looks and writes in one transaction, which it announces. */
export function withdraw(): void {
  withBank((db) => {
    db.exec("BEGIN IMMEDIATE");
    db.prepare("UPDATE account SET balance = ?").run(look(db) - 30);
    db.exec("COMMIT");
  });
}

/** Two rows that must change together. */
export function makeTransfer(): void {
  withBank((db) => db.exec("CREATE TABLE pair (a INTEGER, b INTEGER); INSERT INTO pair VALUES (100, 0)"));
}
export function transfer(): void {
  withBank((db) => {
    db.exec("BEGIN");
    db.exec("UPDATE pair SET a = a - 30");
    db.exec("UPDATE pair SET b = b + 30");
    db.exec("COMMIT");
  });
}
export function transferInTwo(): void {
  withBank((db) => {
    db.exec("UPDATE pair SET a = a - 30");
    db.exec("UPDATE pair SET b = b + 30");
  });
}
export function total(): number {
  return withBank((db) => (db.prepare("SELECT a + b AS total FROM pair").get() as { total: number }).total);
}
