// Keys of the whole page, and the dialog that lists them.
import { make } from "../dom";

interface Binding {
  keys: string[]; // as KeyboardEvent.key
  shown: string;
  words: string;
  action?: (key: string) => void;
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLInputElement && target.type !== "checkbox" || target instanceof HTMLSelectElement ||
  target instanceof HTMLTextAreaElement;

export class Keys {
  private readonly bindings: Binding[] = [];
  private readonly list = make("dl", { class: "keys" });
  private readonly dialog = make("dialog", { "aria-label": "Keys" },
    make("h2", {}, "Keys"), this.list,
    make("form", { method: "dialog" }, make("button", { autofocus: true }, "Close")));

  constructor() {
    document.body.append(this.dialog);
    document.addEventListener("keydown", (event) => this.press(event));
    this.add("?", "this list", () => this.show());
  }

  // `keys` are separated by spaces. Without an action it is only listed.
  add(keys: string, words: string, action?: (key: string) => void, shown = keys): void {
    this.bindings.push({ keys: keys.split(" "), shown, words, action });
  }

  // One that another line of the list speaks of.
  hidden(key: string, action: () => void): void {
    this.bindings.push({ keys: [key], shown: "", words: "", action });
  }

  show(): void {
    this.list.replaceChildren(...this.bindings.filter(({ words }) => words !== "").flatMap(({ shown, words }) => [
      make("dt", {}, ...shown.split(" ").flatMap((key) => [make("kbd", {}, key), " "])),
      make("dd", {}, words),
    ]));
    this.dialog.showModal();
  }

  private press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || this.dialog.open) return;
    if (isTyping(event.target)) return;
    // Buttons and links have keys of their own.
    const onButton = event.target instanceof HTMLElement && event.target.closest("button, summary, a, label") !== null;
    if (onButton && (event.key === "Enter" || event.key === " ")) return;
    const found = this.bindings.find((binding) => binding.action && binding.keys.includes(event.key));
    if (!found) return;
    event.preventDefault();
    found.action!(event.key);
  }
}
