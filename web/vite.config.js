import { writeFileSync } from "node:fs";
import { defineConfig } from "vite";

// Puts the script and the style into the page itself, and writes it as page.html, which is
// committed and goes into the program.
const oneFile = {
  name: "one-file",
  enforce: "post",
  generateBundle(_, bundle) {
    const page = bundle["index.html"];
    let html = page.source;
    for (const [name, file] of Object.entries(bundle)) {
      if (file.type === "chunk") {
        const code = file.code.trim().replaceAll("</script", "<\\/script");
        html = html.replace(/<script type="module"[^>]*><\/script>\s*/, "");
        html = html.replace("</body>", () => `<script type="module">${code}</script>\n</body>`);
      } else if (name.endsWith(".css")) {
        const style = String(file.source).trim();
        html = html.replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${style}</style>`);
      }
    }
    writeFileSync(new URL("page.html", import.meta.url), html);
  },
};

export default defineConfig({
  base: "./",
  plugins: [oneFile],
  build: { outDir: "build", modulePreload: false, cssCodeSplit: false, assetsInlineLimit: 1e9 },
});
