// The echo server that shows the page.

import { spawn } from "node:child_process";
import net from "node:net";
import { fileURLToPath } from "node:url";

/** The command of the echo example, without its address. */
export const ECHO = "cargo run --quiet --release -p bareframe-std --example echo --features deflate --";

async function freePort() {
  const server = net.createServer();
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise(resolve => server.close(resolve));
  return port;
}

/** Starts an echo server, and waits until it shows the page. It can be stopped and started again at the same address. */
export async function startEcho(echo) {
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}/`;
  const [command, ...parts] = echo.split(" ");
  let child, exited;
  const start = async () => {
    // Its own process group, so that what cargo starts ends with it.
    child = spawn(command, [...parts, address], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)), stdio: ["ignore", "inherit", "inherit"], detached: true,
    });
    let ended = false;
    exited = new Promise(resolve => {
      for (const end of ["exit", "error"]) child.on(end, () => { ended = true; resolve(); });
    });
    for (;;) {
      if (ended) throw new Error(`"${echo}" ended before it listened`);
      if (await fetch(url).then(answer => answer.ok, () => false)) break;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  };
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid);
    await exited;
  };
  await start();
  return { url, start, stop };
}
