// The run so far as a space-time diagram: that of a trace's page.
import { make, plural } from "../dom";
import type { TraceData } from "../trace/data";
import { Diagram } from "../trace/diagram";
import { Layout } from "../trace/layout";
import { Model } from "../trace/model";

const drawnMax = 400; // steps that are drawn without being asked

export class Picture {
  private path: string | null = null; // which one is drawn
  private steps = 0;
  private wanted = "";
  private readonly place = make("div");
  readonly element = make("details", { class: "picture-of-run", toggle: () => this.refresh() },
    make("summary", {}, "Space-time diagram of the path"), this.place);

  constructor(private readonly load: (path: string) => Promise<TraceData>, private readonly go: (event: number) => void) {}

  toggle(): void {
    this.element.open = !this.element.open;
  }

  show(path: string, steps: number): void {
    this.wanted = path;
    this.steps = steps;
    this.refresh();
  }

  private refresh(): void {
    if (!this.element.open || this.wanted === this.path) return;
    if (this.steps <= drawnMax) return void this.draw();
    this.path = null;
    this.place.replaceChildren(make("button", { type: "button", click: () => void this.draw() }, `Draw these ${plural(this.steps, "step")}`));
  }

  private async draw(): Promise<void> {
    const path = this.wanted;
    this.path = path;
    let data: TraceData;
    try {
      data = await this.load(path);
    } catch (error) {
      this.path = null;
      this.place.replaceChildren(make("p", { class: "cut" }, (error as Error).message));
      return;
    }
    if (path !== this.wanted) return; // somebody has gone on
    const model = new Model(data);
    const layout = new Layout(model, { hiddenProcesses: new Set(), hiddenKinds: new Set(), messageType: "" });
    const diagram = new Diagram(model, {
      select: (step) => this.go(step.index), open: (step) => this.go(step.index), hover: () => undefined, process: () => undefined,
    });
    const selected = model.steps[model.steps.length - 1] ?? null;
    this.place.replaceChildren(...(data.cut === "" ? [] : [make("p", { class: "cut" }, data.cut)]), diagram.element);
    diagram.show({ layout, selected, hovered: null, past: null, matches: new Set(), operations: [] });
    if (selected) requestAnimationFrame(() => diagram.reveal(selected));
  }
}
