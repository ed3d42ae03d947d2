// A directory for a browser's profile, which also holds the authorities that the browser trusts.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes the profile; in its folder `database` the browser looks for authorities. */
export function makeProfile(database, authority) {
  const path = mkdtempSync(join(tmpdir(), "bareframe-browser-"));
  if (authority) {
    mkdirSync(join(path, database), { recursive: true });
    const certutil = (...args) => execFileSync("certutil", [...args, "-d", `sql:${join(path, database)}`]);
    certutil("-N", "--empty-password");
    certutil("-A", "-n", "authority", "-t", "C,,", "-i", authority);
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 10 }) };
}
