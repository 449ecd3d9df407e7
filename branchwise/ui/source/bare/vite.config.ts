// How the bare page of the benchmark is built.
import { defineConfig } from "vite";

export default defineConfig({ root: "bare", build: { target: "es2022", assetsDir: ".", emptyOutDir: true } });
