// Draws what is in sight of the lanes.
import type { Bar, FaultBar, Layout } from "./layout";

export const laneHeight = 26;
export const labelWidth = 92;
const barInset = 4;
const faultHeight = 18;
const axisHeight = 20;
const letterWidth = 6.7; // of the font below, about
const font = "11px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace";

export interface Sight {
  from: number; // columns
  to: number;
}

export interface Scene {
  layout: Layout;
  sight: Sight;
  scroll: number; // pixels
  selected?: Bar;
  hovered?: Bar;
  dimmed: boolean; // what is not in the core
  showOrder: boolean;
}

export type Colours = Record<string, string>;

export function readColours(element: HTMLElement): Colours {
  const style = getComputedStyle(element);
  const names = ["ink", "muted", "line", "paper", "stripe", "effect", "effect-ink", "observation",
    "failed", "open", "core", "core-ink", "order", "fault"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

export const faultRows = (layout: Layout) => (layout.faults.length === 0 ? 0 : faultHeight + 4);
export const headHeight = (layout: Layout) => axisHeight + faultRows(layout);

export function scaleOf(scene: Scene, width: number) {
  const { from, to } = scene.sight;
  const perColumn = (width - labelWidth - 8) / (to - from);
  return {
    perColumn,
    x: (column: number) => labelWidth + (column - from) * perColumn,
    column: (x: number) => from + (x - labelWidth) / perColumn,
  };
}

type Scale = ReturnType<typeof scaleOf>;

// The bars of a lane that may be in sight: they are by time, and all but the last have an end.
function inSight(bars: Bar[], sight: Sight): Bar[] {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars[middle]!.to < sight.from) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < bars.length && bars[end]!.from <= sight.to) ++end;
  return bars.slice(low, end);
}

function clipped(text: string, width: number): string {
  const letters = Math.floor(width / letterWidth);
  if (text.length <= letters) return text;
  return letters < 3 ? "" : text.slice(0, letters - 1) + "\u2026";
}

export class Painter {
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly context = canvas.getContext("2d")!,
  ) {}

  draw(scene: Scene, colours: Colours): void {
    const { canvas, context } = this;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = font;
    context.textBaseline = "middle";
    context.fillStyle = colours["paper"]!;
    context.fillRect(0, 0, width, height);
    const scale = scaleOf(scene, width);
    const head = headHeight(scene.layout);
    context.save();
    context.beginPath();
    context.rect(0, head, width, height - head);
    context.clip();
    context.translate(0, head - scene.scroll);
    this.drawLanes(scene, colours, scale, width, height);
    context.restore();
    this.drawHead(scene, colours, scale, width, height);
  }

  private drawLanes(scene: Scene, colours: Colours, scale: Scale, width: number, height: number) {
    const { context } = this;
    const { lanes } = scene.layout;
    const first = Math.max(0, Math.floor(scene.scroll / laneHeight));
    const last = Math.min(lanes.length, Math.ceil((scene.scroll + height) / laneHeight));
    for (let i = first; i < last; i += 1) {
      if (i % 2 === 0) continue;
      context.fillStyle = colours["stripe"]!;
      context.fillRect(0, i * laneHeight, width, laneHeight);
    }
    for (const fault of scene.layout.faults) this.drawFaultShade(fault, colours, scale, lanes.length);
    for (let i = first; i < last; ++i) this.drawLane(scene, colours, scale, i);
    if (scene.showOrder) this.drawOrder(scene, colours, scale);
    context.fillStyle = colours["paper"]!;
    context.fillRect(0, first * laneHeight, labelWidth - 6, (last - first) * laneHeight);
    for (let i = first; i < last; ++i) {
      const front = lanes[i]!.bars.some((bar) => bar.inCore || bar.broke);
      context.fillStyle = front ? colours["core"]! : colours["ink"]!;
      const { client } = lanes[i]!;
      const name = clipped(client.length <= 5 ? `client ${client}` : client, labelWidth - 14);
      const label = i > 0 && lanes[i - 1]!.client === lanes[i]!.client ? "" : name;
      context.fillText(label, 4, (i + 0.5) * laneHeight);
    }
  }

  private drawLane(scene: Scene, colours: Colours, scale: Scale, index: number) {
    let painted = -Infinity; // pixels: of many bars in one pixel one is drawn
    for (const bar of inSight(scene.layout.lanes[index]!.bars, scene.sight)) {
      const marked = bar.inCore || bar.broke || bar === scene.selected || bar === scene.hovered;
      const end = scale.x(bar.to);
      if (!marked && end < painted + 0.7) continue;
      painted = end;
      this.context.globalAlpha = scene.dimmed && !marked ? 0.28 : 1;
      this.drawBar(bar, scene, colours, scale);
    }
    this.context.globalAlpha = 1;
  }

  private drawBar(bar: Bar, scene: Scene, colours: Colours, scale: Scale) {
    const { context } = this;
    const left = Math.max(scale.x(bar.from), labelWidth - 8);
    const right = Math.min(scale.x(bar.to), scale.x(scene.sight.to) + 8);
    const width = Math.max(right - left, 2);
    const top = bar.lane * laneHeight + barInset;
    const height = laneHeight - 2 * barInset;
    const open = bar.look === "open";
    const idle = bar.look === "idle";
    context.fillStyle = bar.broke ? colours["core"]! : idle ? colours["paper"]! : colours[bar.look]!;
    context.strokeStyle = bar.inCore || bar.broke ? colours["core"]! : colours["line"]!;
    context.lineWidth = bar.inCore || bar.broke ? 2.5 : 1;
    context.setLineDash(idle || bar.look === "failed" ? [3, 2] : []);
    context.fillRect(left, top, width, height);
    if (width > 3) {
      context.beginPath();
      context.moveTo(left + width, top);
      context.lineTo(left, top);
      context.lineTo(left, top + height);
      context.lineTo(left + width, top + height);
      if (!open) context.closePath(); // without an end where it has none
      context.stroke();
    }
    context.setLineDash([]);
    if (bar === scene.selected || bar === scene.hovered) {
      context.strokeStyle = colours["ink"]!;
      context.lineWidth = bar === scene.selected ? 2 : 1;
      context.strokeRect(left - 2.5, top - 2.5, width + 5, height + 5);
    }
    const text = clipped(bar.broke ? `\u2717 ${bar.text}` : bar.text, width - 8);
    if (text !== "") {
      const filled = bar.broke || bar.look === "effect";
      context.fillStyle = bar.broke ? colours["core-ink"]! : filled ? colours["effect-ink"]! : colours["ink"]!;
      context.fillText(text, left + 5, top + height / 2 + 0.5);
    }
  }

  // Where each takes effect, and the way from one to the next.
  private drawOrder(scene: Scene, colours: Colours, scale: Scale) {
    if (scale.perColumn < 5) return;
    const { context } = this;
    const { from, to } = scene.sight;
    const bars = scene.layout.order.filter((bar) => bar.point! >= from - 2 && bar.point! <= to + 2);
    // Below the text of the bar.
    const at = (bar: Bar) => [scale.x(bar.point!), (bar.lane + 1) * laneHeight - barInset] as const;
    context.strokeStyle = context.fillStyle = colours["order"]!;
    context.globalAlpha = scene.dimmed ? 0.35 : 0.7;
    context.lineWidth = 1;
    context.beginPath();
    let last = -1;
    for (const bar of bars) {
      const next = bar.place!.position === last + 1;
      const [x, y] = at(bar);
      if (next) context.lineTo(x, y);
      else context.moveTo(x, y);
      last = bar.place!.position;
    }
    context.stroke();
    for (const bar of bars) {
      const [x, y] = at(bar);
      context.globalAlpha = scene.dimmed && !bar.inCore && bar !== scene.selected ? 0.5 : 1;
      context.beginPath();
      context.moveTo(x, y - laneHeight + 2 * barInset - 2);
      context.lineTo(x, y);
      context.lineWidth = 1.5;
      context.stroke();
      context.beginPath();
      context.arc(x, y, 3, 0, 2 * Math.PI);
      context.fill();
      context.strokeStyle = colours["paper"]!;
      context.lineWidth = 1;
      context.stroke();
      context.strokeStyle = colours["order"]!;
    }
    context.globalAlpha = 1;
  }

  private drawFaultShade({ from, to }: FaultBar, colours: Colours, scale: Scale, lanes: number) {
    const { context } = this;
    context.fillStyle = colours["fault"]!;
    context.globalAlpha = from === to ? 0.8 : 0.14;
    const left = scale.x(from);
    context.fillRect(left, 0, Math.max(scale.x(to) - left, 1.5), lanes * laneHeight);
    context.globalAlpha = 1;
  }

  // The axis, and the faults by name; they stay when the lanes scroll.
  private drawHead(scene: Scene, colours: Colours, scale: Scale, width: number, height: number) {
    const { context } = this;
    const { columns, faults } = scene.layout;
    const head = headHeight(scene.layout);
    context.fillStyle = colours["paper"]!;
    context.fillRect(0, 0, width, head);
    context.fillStyle = context.strokeStyle = colours["muted"]!;
    context.lineWidth = 1;
    context.fillText("moment", 4, axisHeight / 2);
    const widest = String(columns[columns.length - 1] ?? "").length * letterWidth + 24;
    const step = niceStep(widest / scale.perColumn);
    const first = Math.max(0, Math.ceil(scene.sight.from / step) * step);
    for (let i = first; i <= scene.sight.to && i < columns.length; i += step) {
      const x = Math.round(scale.x(i)) + 0.5;
      context.fillText(String(columns[i]), x + 3, axisHeight / 2);
      context.beginPath();
      context.moveTo(x, 3);
      context.lineTo(x, axisHeight);
      context.stroke();
    }
    for (const { fault, from, to } of faults) {
      const left = Math.max(scale.x(from), labelWidth);
      const right = Math.min(scale.x(to), width);
      if (right < labelWidth || left > width) continue;
      context.fillStyle = colours["fault"]!;
      context.fillRect(left, axisHeight, Math.max(right - left, 3), faultHeight);
      const text = clipped(fault.text, right - left - 8);
      context.fillStyle = colours["core-ink"]!;
      context.fillText(text, left + 4, axisHeight + faultHeight / 2 + 0.5);
    }
    if (faults.length > 0) {
      context.fillStyle = colours["paper"]!;
      context.fillRect(0, axisHeight, labelWidth - 6, faultHeight);
      context.fillStyle = colours["ink"]!;
      context.fillText("faults", 4, axisHeight + faultHeight / 2 + 0.5);
    }
    context.strokeStyle = colours["line"]!;
    context.beginPath();
    context.moveTo(0, head - 0.5);
    context.lineTo(width, head - 0.5);
    context.moveTo(labelWidth - 6.5, 0);
    context.lineTo(labelWidth - 6.5, height);
    context.stroke();
  }
}

// 1, 2, 5, 10, 20, ...
function niceStep(least: number): number {
  for (let power = 1; ; power *= 10) {
    for (const factor of [1, 2, 5]) if (factor * power >= least) return factor * power;
  }
}

// What is at this place of the canvas.
export function barAt(scene: Scene, width: number, x: number, y: number): Bar | undefined {
  const head = headHeight(scene.layout);
  if (y < head || x < labelWidth - 6) return undefined;
  const lane = scene.layout.lanes[Math.floor((y - head + scene.scroll) / laneHeight)];
  if (!lane) return undefined;
  const scale = scaleOf(scene, width);
  let best: Bar | undefined;
  let distance = 5; // pixels: small ones can be met
  for (const bar of inSight(lane.bars, { from: scale.column(x - 6), to: scale.column(x + 6) })) {
    const away = Math.max(scale.x(bar.from) - x, x - scale.x(bar.to), 0);
    if (away < distance) [best, distance] = [bar, away];
  }
  return best;
}
