// What every view has: a way to change the colours and to see the keys.
import { make } from "../dom";
import type { Keys } from "./keys";
import { onTheme, isDark, toggleTheme } from "./theme";

export function toolbar(keys: Keys): HTMLElement {
  const theme = make("button", { type: "button", class: "tool", title: "Light or dark (t)", click: toggleTheme });
  const name = () => (theme.textContent = isDark() ? "\u2600 Light" : "\u263e Dark");
  name();
  onTheme(name);
  keys.add("t", "light or dark", toggleTheme);
  return make("div", { class: "toolbar" }, theme,
    make("button", { type: "button", class: "tool", title: "Keys (?)", click: () => keys.show() }, "? Keys"));
}

// A command, and a button that copies it.
export function copyable(text: string): HTMLElement {
  const code = make("code", { tabindex: "0" }, text);
  const said = make("span", { role: "status", class: "muted" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = " copied";
    } catch {
      getSelection()?.selectAllChildren(code);
      said.textContent = " selected: copy it";
    }
  };
  return make("p", { class: "command" }, code, " ",
    make("button", { type: "button", click: () => void copy() }, "Copy"), said);
}

// Gives the reader a file, without asking anybody.
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
