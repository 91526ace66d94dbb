// The sign of each kind of event: told by its shape, and by its colour as well.
import { svg } from "../shared/svg";
import type { Kind } from "./data";

export const kindWords: Record<Kind, string> = {
  start: "starts", deliver: "receives a message", timer: "a timer fires", crash: "crashes", restart: "restarts",
  drop: "a message is lost", duplicate: "a message is doubled", partition: "the network is cut",
  heal: "the network heals", tick: "one tick of the clock",
};

function shape(kind: Kind): SVGElement[] {
  switch (kind) {
    case "start": return [svg("path", { d: "M-4.5,-5.5 L6,0 L-4.5,5.5 Z" })];
    case "deliver": return [svg("circle", { r: 5.5 })];
    case "timer": return [svg("circle", { r: 6 }), svg("path", { d: "M0,-3.5 V0 L2.6,1.6", class: "inner" })];
    case "crash": return [svg("rect", { x: -6, y: -6, width: 12, height: 12, rx: 1.5 }),
      svg("path", { d: "M-3,-3 L3,3 M3,-3 L-3,3", class: "inner" })];
    case "restart": return [svg("path", { d: "M0,-7 L6,4.5 H-6 Z" })];
    case "drop": return [svg("circle", { r: 6.5, class: "hollow" }), svg("path", { d: "M-3,-3 L3,3 M3,-3 L-3,3", class: "line" })];
    case "duplicate": return [svg("circle", { r: 4, cx: -2.5 }), svg("circle", { r: 4, cx: 3, class: "hollow" })];
    default: return [svg("path", { d: "M0,-6 L6,0 L0,6 L-6,0 Z" })];
  }
}

export const mark = (kind: Kind, x: number, y: number, extra = "") =>
  svg("g", { class: `mark ${kind} ${extra}`, transform: `translate(${x},${y})` }, ...shape(kind));

export const markIcon = (kind: Kind) =>
  svg("svg", { class: "icon", viewBox: "-9 -9 18 18", width: 18, height: 18, "aria-hidden": "true" }, mark(kind, 0, 0));
