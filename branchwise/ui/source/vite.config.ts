// How the page is built: one script, one style sheet, and the licences of the libraries in the script.
import { defineConfig } from "vite";

export default defineConfig({
  base: "/assets/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    assetsDir: ".",
    target: "es2022",
    modulePreload: false,
    reportCompressedSize: false,
    license: { fileName: "licences.md" },
    rollupOptions: {
      output: { entryFileNames: "page.js", assetFileNames: "page[extname]", codeSplitting: false },
    },
  },
});
