// What the signs of the diagram mean: those that occur.
import { make } from "../dom";
import { svg } from "../shared/svg";
import { kindWords, markIcon } from "./marks";
import type { Model } from "./model";
import { fateOf } from "./words";

const sample = (...children: Node[]) =>
  svg("svg", { class: "icon", viewBox: "0 0 34 18", width: 34, height: 18, "aria-hidden": "true" }, ...children);

const lines: Record<string, [string, () => SVGElement]> = {
  delivered: ["message, delivered", () => svg("g", { class: "arrow delivered" },
    svg("line", { x1: 2, y1: 5, x2: 24, y2: 11 }), svg("path", { class: "tip", d: "M32,13 l-9,2 l2,-8 Z" }))],
  again: ["delivered once more", () => svg("g", { class: "arrow delivered again" },
    svg("line", { x1: 2, y1: 5, x2: 24, y2: 11 }), svg("path", { class: "tip", d: "M32,13 l-9,2 l2,-8 Z" }))],
  pending: ["never delivered", () => svg("g", { class: "arrow pending" },
    svg("line", { x1: 2, y1: 5, x2: 26, y2: 11 }), svg("circle", { class: "end", cx: 28, cy: 12, r: 3.2 }))],
  lost: ["lost", () => svg("g", { class: "arrow lost" },
    svg("line", { x1: 2, y1: 5, x2: 26, y2: 11 }), svg("path", { class: "end", d: "M24,7 l8,8 M32,7 l-8,8" }))],
  overheard: ["kept by the adversary", () => svg("g", { class: "arrow overheard" },
    svg("line", { x1: 2, y1: 5, x2: 26, y2: 11 }), svg("path", { class: "end", d: "M28,7.5 l4.5,4.5 -4.5,4.5 -4.5,-4.5 Z" }))],
  forged: ["forged", () => svg("g", { class: "arrow delivered forged" },
    svg("line", { x1: 2, y1: 5, x2: 24, y2: 11 }), svg("path", { class: "tip", d: "M32,13 l-9,2 l2,-8 Z" }))],
};

export function legend(model: Model): HTMLElement {
  const has = new Set<string>(model.messages.map(fateOf));
  if (model.messages.some(({ delivered }) => delivered.length > 1)) has.add("again");
  if (model.data.has_fates && model.messages.some(({ sentAt }) => sentAt < 0)) has.add("forged");
  const kinds = [...new Set(model.steps.map(({ kind }) => kind))];
  const item = (icon: Node, text: string) => make("li", {}, icon, ` ${text}`);
  const extra: HTMLElement[] = [];
  const bar = (name: string) => make("span", { class: `swatch ${name}`, "aria-hidden": "true" });
  if (kinds.includes("crash")) extra.push(item(bar("down"), "is down"));
  if (kinds.includes("partition")) extra.push(item(bar("cut-area"), "while the network is cut"));
  if (model.data.history) extra.push(item(bar("operation"), "an operation of a client is open"));
  if (model.violation) extra.push(item(make("b", { class: "sign broke" }, "\u2717"), "violates the property"));
  if (model.critical) extra.push(item(make("b", { class: "sign critical" }, "\u25c6"), "critical"));
  return make("div", { class: "legend" }, make("ul", { "aria-label": "Legend" },
    ...kinds.map((kind) => item(markIcon(kind), kindWords[kind])),
    ...Object.entries(lines).filter(([name]) => has.has(name)).map(([, [text, draw]]) => item(sample(draw()), text)),
    ...extra),
    make("p", {}, "Arrow keys move through the steps, ", make("kbd", {}, "Enter"), " shows the state, ",
      make("kbd", {}, "/"), " searches, ", make("kbd", {}, "?"), " lists all keys."));
}
