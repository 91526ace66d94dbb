// A trace: what it violates, the space-time diagram, the step that is looked at, every step as a
// table, the clients' history, and the facts of the run.
import { make, withCommas } from "../dom";
import { historyView } from "../history/view";
import { Keys } from "../shared/keys";
import { copyable, save, toolbar } from "../shared/shell";
import type { TraceData } from "./data";
import { Details } from "./details";
import { Diagram } from "./diagram";
import { Filters } from "./filters";
import { Layout } from "./layout";
import { legend } from "./legend";
import type { Step } from "./model";
import { Model } from "./model";
import { Steps } from "./steps";
import { changeWords, inWords } from "./words";

export function traceView(place: HTMLElement, data: TraceData): void {
  new View(place, data);
}

class View {
  private readonly model: Model;
  private readonly keys = new Keys();
  private readonly filters: Filters;
  private readonly diagram: Diagram;
  private readonly details: Details;
  private readonly steps: Steps;
  private layout!: Layout;
  private visible: Step[] = [];
  private selected: Step | null = null;
  private hovered: Step | null = null;
  private pastOf?: { step: Step; past: Set<Step> };
  private isByHand = false; // the step was chosen so
  private behind = false;
  private addressTimer = 0;
  private matches: Step[] = [];
  private operations: { process: number; from: Step; to: Step | null; text: string }[] = [];
  private readonly byHand = make("a", { class: "by-hand" }, "Go on by hand from here");
  private readonly said = make("p", { class: "said", "aria-live": "polite" });
  private readonly past = make("input", { type: "checkbox", change: () => {
    this.isByHand = true;
    this.redraw();
  } });
  private readonly search = make("input", {
    type: "search", placeholder: "search", "aria-label": "Search steps", input: () => this.find(),
    keydown: (event: KeyboardEvent) => this.pressInSearch(event),
  });
  private readonly found = make("span", { class: "muted", role: "status" });

  constructor(place: HTMLElement, private readonly data: TraceData) {
    this.model = new Model(data);
    this.filters = new Filters(this.model, () => this.relayout());
    this.details = new Details(this.model, (step) => this.select(step));
    this.steps = new Steps(this.model, (step) => this.select(step));
    this.diagram = new Diagram(this.model, {
      select: (step) => this.select(step),
      open: () => this.showState(),
      hover: (step) => this.hover(step),
      process: (process) => {
        if (!this.selected) this.selectAt(this.visible.length - 1);
        this.showState(process);
      },
    });
    this.findOperations();
    this.bindKeys();
    place.classList.add("trace");
    place.append(this.header(), this.controls(),
      make("div", { class: "workbench" }, this.diagram.element, this.details.element),
      this.said, legend(this.model), this.steps.element, ...this.history(), this.facts());
    this.relayout();
    this.select(this.stepOfAddress() ?? this.model.violation, "start");
    addEventListener("hashchange", () => this.select(this.stepOfAddress() ?? this.selected));
  }

  private header(): HTMLElement {
    const { data } = this;
    const { verdict, explain } = data;
    const bug = data.bug ? ` (bug ${data.bug})` : "";
    return make("header", {},
      toolbar(this.keys),
      verdict
        ? make("h1", { class: "violated" }, make("span", { "aria-hidden": "true" }, "\u2717 "),
          `Violates \u201c${verdict.property}\u201d`, make("span", { class: "at" }, ` at step ${withCommas(verdict.step)}`))
        : make("h1", {}, "A run that violates nothing"),
      make("p", {}, make("strong", {}, `${data.system}${bug}`), `, within ${data.bounds}`),
      verdict !== undefined && !["", `"${verdict.property}" does not hold`].includes(verdict.message) && make("p", {}, verdict.message),
      data.note !== "" && make("p", { class: "cut" }, data.note),
      data.cut !== "" && make("p", { class: "cut" }, data.cut),
      explain !== undefined && this.explanation(explain));
  }

  private explanation({ lines }: NonNullable<TraceData["explain"]>): HTMLElement {
    const [first, ...others] = lines.map((line) => this.withLinks(line));
    return make("section", { class: "explain", "aria-label": "Which step decides it" },
      make("p", {}, "\u25c6 ", ...(first ?? [])),
      others.length > 0 && make("details", { open: others.length <= 8 },
        make("summary", {}, "From there on"), make("ul", {}, ...others.map((line) => make("li", {}, ...line)))));
  }

  // Steps that a line names can be gone to.
  private withLinks(line: string): (Node | string)[] {
    return line.split(/(\bstep \d+)/).map((part) => {
      const step = /^step \d+$/.test(part) ? this.model.step(Number(part.slice(5))) : null;
      return step ? make("button", { type: "button", class: "plain", click: () => this.select(step) }, part) : part;
    });
  }

  private controls(): HTMLElement {
    this.past.checked = true;
    const jump = (text: string, step: Step | null) =>
      step && make("button", { type: "button", click: () => this.select(step) }, text);
    return make("div", { class: "controls" },
      jump("\u2717 Violation", this.model.violation), jump("\u25c6 Critical step", this.model.critical),
      make("label", {}, this.past, " Dim what the step does not depend on"),
      make("span", { class: "search" }, this.search, " ", this.found),
      make("button", { type: "button", title: "The diagram as an SVG file; of a long one what is in sight (s)", click: () => this.savePicture() }, "Save picture"),
      this.data.explore !== undefined && this.byHand,
      this.filters.element);
  }

  // Where somebody can choose what comes behind a step.
  private leadByHand(step: Step | null): void {
    const { explore } = this.data;
    if (!explore) return;
    const steps = explore.path.split(".").slice(0, step ? Math.max(0, step.index + 1 - explore.starts) : undefined);
    this.byHand.href = `${explore.address}#path=${steps.join(".")}`;
  }

  private savePicture(): void {
    save(`${this.data.system.replaceAll(/\W+/g, "-").slice(0, 60)}.svg`, "image/svg+xml", this.diagram.file());
  }

  private history(): HTMLElement[] {
    const { history } = this.data;
    if (!history) return [];
    const section = make("section", { class: "history", "aria-labelledby": "history-heading" },
      make("h2", { id: "history-heading" }, "What the clients saw"),
      history.judged && make("p", {}, history.verdict === "linearizable"
        ? `\u201c${history.name}\u201d holds: the operations have an order that respects real time.`
        : history.verdict === "vacuous" ? `\u201c${history.name}\u201d was not put to the test: no operation returned.`
        : history.verdict === "unknown" ? `\u201c${history.name}\u201d was not decided for this page: the search would take long.`
        : `\u201c${history.name}\u201d does not hold: no order of the operations respects real time and gives these results.`));
    historyView(section, history, { bare: true, onStep: (index) => {
      const step = this.model.step(index);
      if (step) this.select(step);
    } });
    return [section];
  }

  private facts(): HTMLElement {
    return make("section", { "aria-labelledby": "facts-heading" },
      make("h2", { id: "facts-heading" }, "This run"),
      make("dl", { class: "facts" }, ...this.data.facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)])),
      make("p", {}, "To see it happen again, step by step:"), copyable(`gainsay replay ${shellWord(this.data.name)}`));
  }

  private findOperations(): void {
    const { history } = this.data;
    if (!history) return;
    for (const part of history.parts) {
      for (const [line, client, text, , , returned] of part.operations) {
        const process = this.model.processes.findIndex(({ name }) => name === history.clients[client]);
        const from = this.model.step(line);
        if (process < 0 || !from) continue;
        const to = returned === null ? null : this.model.step(Number(history.moments[returned]));
        this.operations.push({ process, from, to, text: history.texts[text] });
      }
    }
  }

  // --- what is shown ---

  private relayout(): void {
    this.layout = new Layout(this.model, this.filters.filter);
    this.visible = this.layout.rows.flatMap(({ steps }) => steps);
    this.steps.show(this.visible);
    this.find();
    this.redraw();
  }

  private redraw(): void {
    if (this.selected && this.pastOf?.step !== this.selected) {
      this.pastOf = { step: this.selected, past: this.model.past(this.selected) };
    }
    // At first all of the run is to be seen: what broke may be the work of several.
    const past = this.past.checked && this.selected && this.isByHand ? this.pastOf!.past : null;
    this.diagram.show({
      layout: this.layout, selected: this.selected, hovered: this.hovered, past,
      matches: new Set(this.matches), operations: this.operations,
    });
  }

  private select(step: Step | null, how: "start" | "move" = "move"): void {
    this.selected = step;
    this.isByHand = how === "move";
    this.hovered = null;
    this.redraw();
    if (!this.behind) requestAnimationFrame(() => this.catchUp());
    this.behind = true;
    if (!step) return;
    if (!this.layout.rowOf.has(step)) this.said.textContent = "This step is left out by the filter.";
    else this.said.textContent = this.sentence(step);
    if (how === "move") this.keepAddress(step);
  }

  // What shows the chosen step besides the diagram: once a frame, however fast a key repeats.
  private catchUp(): void {
    if (!this.behind) return;
    this.behind = false;
    this.leadByHand(this.selected);
    if (this.selected) this.diagram.reveal(this.selected); // measures, so it comes before what changes
    this.details.show(this.selected);
    this.steps.mark(this.selected);
  }

  private showState(process?: number): void {
    this.catchUp();
    if (process === undefined) this.details.focusState();
    else this.details.showStateOf(process);
  }

  private sentence(step: Step): string {
    const news = [...step.notes, ...step.changes.map(changeWords)];
    const mark = step === this.model.violation ? " It violates the property." : step === this.model.critical ? " It is the critical step." : "";
    return `Step ${step.index} of ${this.data.total}: ${inWords(this.model, step)}.${mark}` +
      (news.length > 0 ? ` ${news.join(", ")}.` : "");
  }

  private hover(step: Step | null): void {
    if (step === this.hovered) return;
    this.hovered = step;
    if (step && step !== this.selected) this.details.glance(step);
    else this.details.show(this.selected);
    this.redraw();
  }

  private stepOfAddress(): Step | null {
    const found = /^#step-(\d+)$/.exec(location.hash);
    return found ? this.model.step(Number(found[1])) : null;
  }
  private keepAddress(step: Step): void {
    clearTimeout(this.addressTimer); // while a key repeats it would be slow
    this.addressTimer = setTimeout(() => {
      try {
        history.replaceState(null, "", `#step-${step.index}`);
      } catch {
        // Some browsers forbid it of files; then there is no address to keep.
      }
    }, 150);
  }

  // --- search ---

  private find(): void {
    const wanted = this.search.value.trim().toLowerCase();
    const text = (step: Step) => [inWords(this.model, step), ...step.notes, ...step.changes.map(changeWords)].join(" ").toLowerCase();
    this.matches = wanted === "" ? [] : this.visible.filter((step) => String(step.index) === wanted || text(step).includes(wanted));
    this.found.textContent = wanted === "" ? "" : this.matches.length === 0 ? "nothing found" : `${withCommas(this.matches.length)} found; Enter goes on`;
    this.redraw();
  }
  private goToMatch(by: number): void {
    if (this.matches.length === 0) return;
    const at = this.selected?.index ?? -1;
    const next = by > 0 ? this.matches.find((step) => step.index > at) ?? this.matches[0]
      : [...this.matches].reverse().find((step) => step.index < at) ?? this.matches[this.matches.length - 1];
    this.select(next);
    this.found.textContent = `${withCommas(this.matches.indexOf(next) + 1)} of ${withCommas(this.matches.length)}`;
  }
  private pressInSearch(event: KeyboardEvent): void {
    if (event.key === "Enter") this.goToMatch(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      this.search.value = "";
      this.find();
      this.diagram.focus();
    } else return;
    event.preventDefault();
  }

  // --- keys ---

  private bindKeys(): void {
    const { keys } = this;
    keys.add("ArrowDown j", "next step", () => this.move(1), "\u2193 j");
    keys.add("ArrowUp k", "step before", () => this.move(-1), "\u2191 k");
    keys.add("ArrowLeft", "to where its message was sent, or the step before at this process", () => this.toCause(), "\u2190");
    keys.add("ArrowRight", "to where its first message arrives, or the next step at this process", () => this.toEffect(), "\u2192");
    keys.add("PageDown", "a page on", () => this.move(this.diagram.pageSize));
    keys.add("PageUp", "a page back", () => this.move(-this.diagram.pageSize));
    keys.add("Home", "first step", () => this.selectAt(0));
    keys.add("End", "last step", () => this.selectAt(this.visible.length - 1));
    keys.add("v", "the violation", () => this.model.violation && this.select(this.model.violation));
    keys.add("c", "the critical step", () => this.model.critical && this.select(this.model.critical));
    keys.add("p", "dim what the step does not depend on, or not", () => this.past.click());
    keys.add("s", "save the diagram as a picture", () => this.savePicture());
    keys.add("Enter", "the state behind the step", () => this.selected && this.showState());
    keys.add("/", "search", () => this.search.focus());
    keys.add("n", "next one that was found", () => this.goToMatch(1));
    keys.add("N", "the one before", () => this.goToMatch(-1));
    keys.add("Escape", "choose nothing", () => this.select(null), "Esc");
  }
  private selectAt(place: number): void {
    const step = this.visible[Math.max(0, Math.min(this.visible.length - 1, place))];
    if (step) this.select(step);
  }
  private move(by: number): void {
    if (!this.selected) return this.selectAt(by > 0 ? 0 : this.visible.length - 1);
    const { index } = this.selected;
    const at = this.visible.findIndex((step) => step.index >= index);
    const here = at < 0 ? this.visible.length : at;
    const isHere = this.visible[here] === this.selected;
    this.selectAt(here + by - (isHere || by < 0 ? 0 : 1));
  }
  private along(process: number, by: number): void {
    const own = this.visible.filter((step) => step.at === process);
    const next = own[own.indexOf(this.selected!) + by];
    if (next) this.select(next);
  }
  private toCause(): void {
    const { selected } = this;
    if (!selected) return this.selectAt(0);
    const sent = selected.kind === "deliver" ? selected.message?.sent : null;
    if (sent) this.select(sent);
    else this.along(selected.at, -1);
  }
  private toEffect(): void {
    const { selected } = this;
    if (!selected) return this.selectAt(0);
    const arrivals = selected.sends.flatMap(({ delivered }) => delivered).sort((a, b) => a.index - b.index);
    if (arrivals.length > 0) this.select(arrivals[0]);
    else this.along(selected.at, 1);
  }
}

const shellWord = (text: string) => (/^[\w./+:@%-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
