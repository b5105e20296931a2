import { defineConfig, type Plugin } from "vite";

/** Fonts inside the style sheet would need data: in the policy; the machine's own fonts do as well. */
const ownFonts: Plugin = {
  name: "own-fonts",
  enforce: "pre",
  transform: (code, id) =>
    id.endsWith(".css") ? code.replace(/@font-face\s*{[^}]*url\(["']?data:[^}]*}/g, "") : null,
};

/** A message for people with a broken installation points to a registry; the page is built from a locked one. */
const noRegistry: Plugin = {
  name: "no-registry",
  renderChunk: (code) => code.replace(/https:\/\/yarnpkg\.[a-z]+[\w/.-]*/g, ""),
};

export default defineConfig({
  base: "/console/",
  plugins: [ownFonts, noRegistry],
  // The door puts a fresh nonce in its place in every page that it serves.
  html: { cspNonce: "CSP-NONCE" },
  build: {
    license: { fileName: "assets/licences.md" },
    // The policy allows no data: address but for images, so fonts stay files.
    assetsInlineLimit: 0,
    // The editor alone is above the size at which a warning is printed; it loads once and is kept for a year.
    chunkSizeWarningLimit: 5_000,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
});
