// For tests: a `fetch` in whose way a test can stand: hold a request, fail it, answer it, lose the answer, count.

/** `POST /v1/entries`, without the query. */
export type Kind = `${"GET" | "HEAD" | "POST" | "PUT"} /${string}`;

export interface Seen {
  readonly kind: string;
  readonly atMs: number;
  readonly body: unknown;
  readonly url: URL;
}

/** What to do with a request: `forward` sends it on. */
export type Step = (
  forward: () => Promise<Response>,
  request: Seen,
  signal: AbortSignal | undefined,
) => Promise<Response>;

export class Wire {
  readonly seen: Seen[] = [];
  /** Requests of each kind under way, and the most there were at one time. */
  readonly most = new Map<string, number>();
  private readonly underWay = new Map<string, number>();
  private readonly steps = new Map<Kind, Step>();
  private cut = new AbortController();
  private isOffline = false;

  count(kind: Kind): number {
    return this.seen.filter((each) => each.kind.startsWith(kind)).length;
  }

  /** From now on requests whose kind begins with `kind` go through `step`, until the function returned is called. */
  on(kind: Kind, step: Step): () => void {
    this.steps.set(kind, step);
    return () => {
      if (this.steps.get(kind) === step) this.steps.delete(kind);
    };
  }

  /** Holds such requests before they reach the hub. */
  hold(kind: Kind): () => void {
    const gate = new Gate();
    const undo = this.on(kind, async (forward, _request, signal) => {
      await gate.passed(signal);
      return forward();
    });
    return () => {
      undo();
      gate.open();
    };
  }

  /** No request arrives and no stream goes on, until `online`. */
  offline(): void {
    this.isOffline = true;
    this.cut.abort(new TypeError("the cable is out"));
  }
  online(): void {
    this.isOffline = false;
    this.cut = new AbortController();
  }

  readonly fetch: typeof fetch = async (input, init = {}) => {
    const url = new URL(String(input));
    const kind = `${init.method ?? "GET"} ${url.pathname}`;
    const request: Seen = { kind, atMs: performance.now(), body: init.body, url };
    this.seen.push(request);
    if (this.isOffline) throw new TypeError("the cable is out");
    const signals = [this.cut.signal, init.signal ?? undefined].filter((each) => each !== undefined);
    const forward = (): Promise<Response> => fetch(url, { ...init, signal: AbortSignal.any(signals) });
    const step = [...this.steps].find(([each]) => kind.startsWith(each))?.[1];
    const now = (this.underWay.get(kind) ?? 0) + 1;
    this.underWay.set(kind, now);
    this.most.set(kind, Math.max(now, this.most.get(kind) ?? 0));
    try {
      return await (step === undefined ? forward() : step(forward, request, AbortSignal.any(signals)));
    } finally {
      this.underWay.set(kind, (this.underWay.get(kind) ?? 1) - 1);
    }
  };
}

/** Closed until it is opened, then open for ever. */
export class Gate {
  private readonly opened = Promise.withResolvers<void>();
  open(): void {
    this.opened.resolve();
  }
  async passed(signal?: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted === true) abort();
    try {
      await Promise.race([this.opened.promise, aborted.promise]);
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }
}

/** What a hub says when something is wrong. */
export function failed(status: number, code: string, details: Record<string, unknown> = {}): Response {
  return Response.json({ error: `the test says ${code}`, code, details }, { status });
}
