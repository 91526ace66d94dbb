// Light or dark: as the system says, until a reader says otherwise.
const listeners: (() => void)[] = [];
const dark = matchMedia("(prefers-color-scheme: dark)");

// Told when colours have changed: what is drawn on a canvas has to be drawn anew.
export function onTheme(listener: () => void): void {
  listeners.push(listener);
}
dark.addEventListener("change", () => listeners.forEach((listener) => listener()));

const chosen = () => document.documentElement.dataset["theme"];
export const isDark = () => (chosen() ?? (dark.matches ? "dark" : "light")) === "dark";

export function toggleTheme(): void {
  document.documentElement.dataset["theme"] = isDark() ? "light" : "dark";
  listeners.forEach((listener) => listener());
}
