// All about one step: the message, what it changed and sent, and the state behind it.
import { make, pathWraps, withCommas } from "../dom";
import { markIcon } from "./marks";
import type { Message, Model, Step } from "./model";
import { stateTable } from "./state_table";
import { byText, fateOf, fateWords, inWords } from "./words";

const rowsMax = 120; // of a state, before more is asked for

export class Details {
  private step: Step | null = null;
  private process: number | null = null; // whose state; null: of the step's own
  private readonly body = make("div");
  private readonly state = make("div", { class: "state" });
  private readonly chooser = make("select", { change: () => this.choose(Number(this.chooser.value)) });
  readonly element = make("aside", { class: "details", "aria-label": "The chosen step" }, this.body, this.state);

  constructor(private readonly model: Model, private readonly select: (step: Step) => void) {
    model.processes.forEach(({ name }, i) => this.chooser.append(make("option", { value: i }, name)));
  }

  // One that is only pointed at: without its state, which would have to be looked up for each.
  glance(step: Step): void {
    this.body.replaceChildren(...this.about(step));
    this.state.replaceChildren(make("p", { class: "muted" }, "Click for the state behind this step."));
  }

  show(step: Step | null): void {
    this.step = step;
    if (!step) {
      this.body.replaceChildren(make("p", { class: "muted" }, "Point at a step, or choose one with the arrow keys."));
      this.state.replaceChildren();
      return;
    }
    this.body.replaceChildren(...this.about(step));
    this.showState();
  }

  // Of this process from now on; the keyboard goes there.
  showStateOf(process: number): void {
    this.process = process;
    this.showState();
  }
  focusState(): void {
    this.showState();
    this.chooser.focus();
    this.state.scrollIntoView({ block: "nearest" });
  }

  private choose(process: number): void {
    this.process = process === this.step?.at ? null : process;
    this.showState();
  }

  private link(step: Step | null, other = "a step that is not shown"): Node | string {
    if (!step) return other;
    return make("button", { type: "button", class: "plain", click: () => this.select(step) }, `step ${step.index}`);
  }

  private about(step: Step): Node[] {
    const { model } = this;
    const marks = [
      step === model.violation && make("p", { class: "badge broke" }, "\u2717 This step violates the property."),
      step === model.critical && make("p", { class: "badge critical" }, "\u25c6 The critical step: it decides the run."),
    ].filter((mark): mark is HTMLParagraphElement => mark !== false);
    const out: Node[] = [
      make("h2", {}, markIcon(step.kind), ` Step ${step.index}`),
      ...marks,
      make("p", { class: "words" }, inWords(model, step)),
      ...step.notes.map((note) => make("p", { class: "note" }, note)),
    ];
    if (step.message) out.push(...this.aboutMessage(step, step.message));
    if (step.changes.length > 0) {
      out.push(make("h3", {}, "What it changed"), make("dl", { class: "changes" },
        ...step.changes.flatMap(({ path, before, after }) => [
          make("dt", {}, ...pathWraps(path)),
          make("dd", {}, before === null ? null : make("del", {}, before), before === null ? "" : " \u2192 ",
            after === null ? "gone" : make("ins", {}, after)),
        ])));
    }
    if (step.sends.length > 0) {
      out.push(make("h3", {}, "What it sent"), ...byText(step.sends).map(([text, messages]) =>
        make("div", { class: "sends" }, make("code", {}, text), make("ul", {}, ...messages.map((message) => this.sent(message))))));
    }
    return out;
  }

  private aboutMessage(step: Step, message: Message): Node[] {
    const sender = message.sentAt < 0
      ? this.model.data.has_fates ? "said by the adversary, who can say it at any time" : "the file does not say who sent it when"
      : null;
    const others = message.delivered.filter((other) => other !== step);
    return [make("p", { class: "muted" },
      ...(sender ? [sender] : ["sent at ", this.link(message.sent, `step ${message.sentAt}, which is not shown`)]),
      ...(message.copied ? [", doubled at ", this.link(message.copied)] : []),
      ...others.flatMap((other) => [", delivered at ", this.link(other), " too"]))];
  }

  private sent(message: Message): HTMLLIElement {
    const fate = fateOf(message);
    const where = fate === "delivered"
      ? message.delivered.slice(0, 20).flatMap((step, i) => [i === 0 ? " at " : ", ", this.link(step)])
      : fate === "lost" ? [" at ", this.link(message.lost)] : [];
    return make("li", { class: fate },
      `to ${this.model.processes[message.to].name}: `,
      make("span", { class: "fate" }, fateWords[fate], ...where));
  }

  private showState(most = rowsMax): void {
    const { step, model } = this;
    if (!step) return;
    const process = this.process ?? (step.at >= 0 ? step.at : 0);
    this.chooser.value = String(process);
    const changed = new Map(step.at === process ? step.allChanges.map((change) => [change.path, change]) : []);
    const all = [...model.stateAfter(process, step)];
    const shown = all.filter(([path], i) => i < most || changed.has(path));
    const cell = (path: string, value: string) => [value, changed.has(path)
      ? make("span", { class: "muted" }, changed.get(path)!.before === null ? " (new)" : ` (was ${changed.get(path)!.before})`) : null];
    this.state.replaceChildren(
      make("h3", {}, make("label", {}, "State of ", this.chooser), ` behind step ${step.index}`),
      shown.length === 0 ? make("p", { class: "muted" }, "It has no state that is known.")
        : stateTable(shown, (path) => changed.has(path), cell),
      shown.length < all.length
        ? make("button", { type: "button", click: () => this.showState(Infinity) }, `All ${withCommas(all.length)} fields`) : "");
  }
}
