// Whether tests that take minutes are asked for: `HOLDFAST_TESTS=long npm test`.

export const isLong = (process.env.HOLDFAST_TESTS ?? "").split(",").includes("long");
