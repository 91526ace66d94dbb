// Every step as text: what the diagram shows, for those who cannot see it or want to copy it.
import { make, pathWraps } from "../dom";
import { PagedTable } from "../shared/paged_table";
import { markIcon } from "./marks";
import type { Model, Step } from "./model";
import { byText, changeWords, fateAt, inWords } from "./words";

export class Steps {
  private readonly byProcess = make("select", { change: () => this.show(this.steps) },
    make("option", { value: "" }, "in one column"), make("option", { value: "each" }, "one column for each process"));
  private readonly table: PagedTable<Step>;
  private steps: Step[] = [];
  private selected: Step | null = null;
  readonly element: HTMLElement;

  constructor(private readonly model: Model, private readonly select: (step: Step) => void) {
    this.table = new PagedTable<Step>("Every step", [make("label", {}, "Changes ", this.byProcess)], (step) => this.row(step));
    this.element = this.table.element;
  }

  show(steps: Step[]): void {
    this.steps = steps;
    const changes = this.byProcess.value === "each" ? this.model.processes.map(({ name }) => `${name} changes`) : ["What it changed"];
    this.table.show(["Step", "What happened", ...changes, "What it sent"], steps);
    if (this.selected) this.table.reveal(this.selected);
  }

  mark(step: Step | null): void {
    this.selected = step;
    if (step) this.table.reveal(step);
  }

  private row(step: Step): HTMLTableRowElement {
    const { model } = this;
    const marks = [step === model.violation && "broke", step === model.critical && "critical", step === this.selected && "selected"];
    const changes = make("td", {}, ...[...step.notes, ...step.changes.map(changeWords)].map((text) => make("div", {}, ...pathWraps(text))));
    const cells = this.byProcess.value === "each"
      ? model.processes.map((_, i) => (i === step.at ? changes : make("td"))) : [changes];
    if (step.at < 0 && this.byProcess.value === "each") cells[0] = changes;
    const said = step === model.violation ? " (violates the property)" : step === model.critical ? " (the critical step)" : "";
    const row = make("tr", { class: marks.filter(Boolean).join(" ") },
      make("th", { scope: "row" }, String(step.index)),
      make("td", {}, make("div", { class: "what" }, markIcon(step.kind),
        make("button", { type: "button", class: "plain", click: () => this.select(step) }, inWords(model, step) + said))),
      ...cells,
      make("td", {}, ...byText(step.sends).map(([text, messages]) =>
        make("div", {}, text, make("span", { class: "muted" },
          ...messages.map((message) => ` \u2192 ${model.processes[message.to].name} ${fateAt(message)}.`))))));
    if (step === this.selected) row.setAttribute("aria-current", "true");
    return row;
  }
}
