// Decodes frames with the module that is named, and exits with 0 if they say what they should.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

const module = await WebAssembly.compile(await readFile(process.argv[2]));
assert.deepEqual(WebAssembly.Module.imports(module), []);
const { bytes, capacity, decode, memory } = (await WebAssembly.instantiate(module)).exports;

/** The text that the frames hold, or the close code that answers them. */
function text(frames, piece) {
  const window = new Uint8Array(memory.buffer, bytes(), capacity());
  window.set(frames);
  const len = decode(frames.length, piece);
  return len < 0 ? -len : new TextDecoder("utf-8", { fatal: true }).decode(window.subarray(0, len));
}

/** A client's frame, by its first byte and its payload. */
function frame(first, payload) {
  const key = [0x37, 0xfa, 0x21, 0x3d];
  return [first, 0x80 | payload.length, ...key, ...payload.map((byte, at) => byte ^ key[at % 4])];
}

const utf8 = (text) => [...new TextEncoder().encode(text)];
const cases = [
  ["section 5.7, a masked text", [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58], "Hello"],
  ["section 5.4, fragments", [...frame(0x01, utf8("héll")), ...frame(0x80, utf8("ö"))], "héllö"],
  ["section 5.5, a Ping between messages", [...frame(0x89, [1]), ...frame(0x81, utf8("after"))], "after"],
  ["section 5.1, a frame that is not masked", [0x81, 0x00], 1002],
  ["section 8.1, text that is no UTF-8", frame(0x81, [0xff]), 1007],
];
for (const [name, frames, expected] of cases) {
  for (let piece = 1; piece <= frames.length; piece++) {
    assert.equal(text(frames, piece), expected, `${name}, in pieces of ${piece}`);
  }
  console.log(`passed: ${name}`);
}
