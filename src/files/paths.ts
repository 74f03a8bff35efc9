// Paths in the folder, taken apart: the same for every system, with `/` between segments.

/** The directories above `path`, the one next to it first; none for a path at the top. */
export function ancestorsOf(path: string): string[] {
  const dirs: string[] = [];
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
    dirs.push(path.slice(0, slash));
  }
  return dirs;
}
