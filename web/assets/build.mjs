// Builds every page's bundle into web/static/bundles, the same bytes from the same sources.
// Beside the bundles: the licences of what is in them, and a manifest of SHA-256 sums that
// tests/house/test_bundles.py checks without Node. `make assets` runs it; with a folder as its
// argument it builds there instead, for `make assets-check`.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import esbuild from "esbuild";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const OUT = path.resolve(process.argv[2] ?? path.join(HERE, "../static/bundles"));
const PAGES = ["studio"];
const FIXED = ["build.mjs", "package.json", "package-lock.json"];

// The library's icon font is named in five formats; every browser we serve reads the last one.
const oneFont = {
  name: "one-font",
  setup(build) {
    build.onLoad({ filter: /bpmn-font[/\\]css[/\\]bpmn\.css$/ }, async ({ path: file }) => {
      const css = await readFile(file, "utf8");
      const face = '@font-face{font-family:"bpmn";src:url("../font/bpmn.woff2") format("woff2")}';
      return { contents: css.replace(/@font-face\s*\{[^}]*\}/, face), loader: "css" };
    });
  },
};

async function files(folder) {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((one) => one.isFile())
    .map((one) => path.relative(HERE, path.join(one.parentPath ?? one.path, one.name)))
    .map((name) => name.split(path.sep).join("/"));
}

const sum = (bytes) => createHash("sha256").update(bytes).digest("hex");
const sorted = (record) => Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

async function sums(names, folder) {
  const pairs = names.map(async (name) => [name, sum(await readFile(path.join(folder, name)))]);
  return sorted(Object.fromEntries(await Promise.all(pairs)));
}

function packages(inputs) {
  const found = inputs.map((name) => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(name)?.[1]);
  return [...new Set(found.filter(Boolean))].sort();
}

async function licence(name) {
  const folder = path.join(HERE, "node_modules", name);
  const about = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).filter((one) => /^licen[cs]e/i.test(one)).sort()[0];
  if (!file) throw new Error(`${name} has no licence file`);
  const words = (await readFile(path.join(folder, file), "utf8")).replaceAll("\r\n", "\n").trim();
  return { name, version: about.version, words: `${name} ${about.version}\n\n${words}\n` };
}

async function page(name) {
  const result = await esbuild.build({
    absWorkingDir: HERE,
    entryPoints: { [name]: `src/${name}/main.js` },
    outdir: OUT,
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2022"],
    charset: "utf8",
    legalComments: "none",
    loader: { ".woff2": "file" },
    assetNames: "[name]",
    plugins: [oneFont],
    metafile: true,
    logLevel: "warning",
  });
  const licences = await Promise.all(packages(Object.keys(result.metafile.inputs)).map(licence));
  const rule = `\n${"-".repeat(80)}\n\n`;
  await writeFile(path.join(OUT, `${name}.LICENSES.txt`), licences.map((one) => one.words).join(rule));
  return licences.map((one) => [one.name, one.version]);
}

async function main() {
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  const versions = [["esbuild", esbuild.version]];
  for (const name of PAGES) versions.push(...(await page(name)));
  const manifest = {
    inputs: await sums([...FIXED, ...(await files(path.join(HERE, "src")))], HERE),
    outputs: await sums(await readdir(OUT), OUT),
    versions: sorted(Object.fromEntries(versions)),
  };
  await writeFile(path.join(OUT, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

await main();
