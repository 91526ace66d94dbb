// The steps so far, and those ahead, as a list. Of a long one only what is in sight is there.
import { make, plural, withCommas } from "../dom";
import { markIcon } from "../trace/marks";
import type { Branch, Line } from "./line";
import { commonLength } from "./line";

const rowHeight = 27;
const margin = 10; // rows beyond what is in sight

export class PathList {
  private line!: Line;
  private readonly tall = make("div", { class: "path-rows", role: "list" });
  private readonly scroll = make("div", { class: "path-scroll", tabindex: "-1" }, this.tall);
  private readonly count = make("span", { class: "muted" });
  private readonly others = make("div", { class: "branches" });
  readonly element: HTMLElement;

  constructor(private readonly on: { go: (steps: number) => void; branch: (branch: Branch) => void }) {
    this.scroll.addEventListener("scroll", () => this.draw(), { passive: true });
    this.element = make("nav", { class: "path", "aria-label": "The path" },
      make("h2", {}, "Path ", this.count), this.scroll, this.others);
  }

  show(line: Line): void {
    this.line = line;
    const { steps, at } = line;
    this.count.textContent = plural(at, "step") + (steps.length === at ? "" : `, ${withCommas(steps.length - at)} ahead`);
    this.tall.style.height = `${(steps.length + 1) * rowHeight}px`;
    const top = at * rowHeight;
    const { scrollTop, clientHeight } = this.scroll;
    if (top < scrollTop) this.scroll.scrollTop = top;
    else if (top + rowHeight > scrollTop + clientHeight) this.scroll.scrollTop = top + rowHeight - clientHeight;
    this.draw();
    this.showBranches();
  }

  private draw(): void {
    const { scrollTop, clientHeight } = this.scroll;
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - margin);
    const last = Math.min(this.line.steps.length, Math.ceil((scrollTop + clientHeight) / rowHeight) + margin);
    const hadKeyboard = this.tall.contains(document.activeElement);
    this.tall.replaceChildren(...Array.from({ length: last - first + 1 }, (_, i) => this.row(first + i)));
    if (hadKeyboard) this.tall.querySelector<HTMLElement>("button.here")?.focus({ preventScroll: true });
  }

  private row(number: number): HTMLElement {
    const { line } = this;
    const row = line.rows[number - 1];
    const words = number === 0 ? "the first world" : row?.words ?? `step ${line.steps[number - 1]}`;
    const isBad = row !== undefined && ((row.violates?.length ?? 0) > 0 || row.fault !== undefined);
    const state = number === line.at ? "here" : number > line.at ? "ahead" : "";
    const element = make("div", { role: "listitem", class: "path-row", "aria-setsize": line.steps.length + 1, "aria-posinset": number + 1 },
      make("button", {
        type: "button", class: `plain ${state}`, title: words, ...(number === line.at ? { "aria-current": "step" } : {}),
        click: () => this.on.go(number),
      },
      make("span", { class: "number" }, number === 0 ? "" : withCommas(line.number(number))), row ? markIcon(row.kind) : "",
      make("span", { class: "text" }, words),
      isBad && make("span", { class: "sign broke", title: "it violates a property" }, "\u2717")));
    element.style.top = `${number * rowHeight}px`;
    return element;
  }

  private showBranches(): void {
    const { branches } = this.line;
    this.others.replaceChildren(...(branches.length === 0 ? [] : [
      make("h3", {}, "Left for another"),
      make("ul", {}, ...branches.map((branch) => make("li", {}, this.branch(branch)))),
    ]));
  }

  private branch(branch: Branch): HTMLElement {
    const common = commonLength(branch.steps, this.line.steps);
    const words = branch.words[common] ?? `step ${branch.steps[common] ?? ""}`;
    const more = branch.steps.length - common;
    return make("button", { type: "button", class: "plain", title: "go there", click: () => this.on.branch(branch) },
      `behind ${this.line.name(common)}: ${words}${more > 1 ? `, and ${withCommas(more - 1)} more` : ""}`);
  }
}
