// Bundles what the page uses of others: `make vendor`. Each file begins with the packages in it, LICENCES holds their licences.

import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../msgflo_host/web/vendor");
const modules = join(here, "node_modules");
const entry = (name) => join(here, "entries", name);
const locked = JSON.parse(readFileSync(join(here, "package-lock.json"), "utf8")).packages;

const INSTEAD = {
  "url": "url.js",
  "worker-timers": "timers.js",
  "./tcp": "absent.js", "./tls": "absent.js", "./wx": "absent.js", "./ali": "absent.js", "./socks": "absent.js",
};

const instead = {
  name: "instead",
  setup({ onResolve }) {
    onResolve({ filter: /^[\w./-]+$/ }, ({ path, importer }) =>
      importer.startsWith(join(modules, "mqtt") + "/") && path in INSTEAD ? { path: entry(INSTEAD[path]) } : undefined);
  },
};

/** The packages that files are from: "node_modules/name", as the lock file calls them, in order. */
function packagesOf(files) {
  const found = files.map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]);
  return [...new Set(found.filter((each) => each !== undefined))].sort();
}

const nameOf = (folder) => folder.split("node_modules/").pop();
const titleOf = (folder) => `${nameOf(folder)} ${locked[folder].version}`;

function licenceOf(folder) {
  const file = readdirSync(join(here, folder)).find((each) => /^(licen[cs]e|copying)/i.test(each));
  if (file === undefined) throw new Error(`${folder} has no licence file`);
  return readFileSync(join(here, folder, file), "utf8").replaceAll("\r\n", "\n").trim();
}

async function bundle(name, options = {}) {
  const { metafile, outputFiles } = await build({
    absWorkingDir: here, entryPoints: [entry(name)], bundle: true, format: "esm", target: "es2021", minify: true, charset: "utf8",
    legalComments: "none", metafile: true, write: false, outdir: out, logLevel: "warning", ...options,
  });
  const packages = packagesOf(Object.keys(metafile.inputs));
  const header = `/* ${packages.map(titleOf).join(", ")}. Made by \`make vendor\`; licences in LICENCES. */\n`;
  writeFileSync(join(out, name), header + outputFiles[0].text.trimEnd() + "\n");
  return packages;
}

for (const file of readdirSync(out)) rmSync(join(out, file));
const used = [
  await bundle("uplot.js"),
  await bundle("uplot.css"),
  await bundle("mqtt.js", {
    plugins: [instead], inject: [entry("node.js")], define: { global: "globalThis" }, mainFields: ["browser", "module", "main"],
    alias: { mqtt: join(modules, "mqtt/build/index.js"), stream: "readable-stream" },
  }),
].flat();
copyFileSync(entry("mqtt.d.ts"), join(out, "mqtt.d.ts")); // the package's own types need those of Node.js
const texts = [...new Set(used)].sort().map((folder) => `${titleOf(folder)} (${locked[folder].license})\n\n${licenceOf(folder)}\n`);
writeFileSync(join(out, "LICENCES"), texts.join(`\n${"-".repeat(80)}\n\n`));
