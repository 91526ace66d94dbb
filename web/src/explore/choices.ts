// What can happen next, by process and kind: to be filtered, and chosen by mouse or keys.
import { make, plural, withCommas } from "../dom";
import { kindWords, markIcon } from "../trace/marks";
import type { Kind } from "../trace/data";
import type { ChoiceRow, ExploreData, World } from "./data";
import { effects, inPlace, kindLabels, saysItself } from "./words";

const shownMax = 40; // of a group, before more is asked for
const order: Kind[] = ["start", "deliver", "timer", "restart", "tick", "heal", "crash", "partition", "drop", "duplicate"];

const wrong = "\u2717 violates a property"; // a group of its own, in front
const violates = ({ violates: broken, fault }: ChoiceRow) => (broken?.length ?? 0) > 0 || fault !== undefined;

export class Choices {
  private world: World | null = null;
  private shown: { choice: ChoiceRow; button: HTMLButtonElement }[] = [];
  private selected = 0;
  private readonly wide = new Set<string>(); // groups that are shown whole
  private readonly hidden = new Set<Kind>();
  private readonly filter = make("input", {
    type: "search", placeholder: "filter", "aria-label": "Filter what can happen", input: () => this.draw(),
    keydown: (event: KeyboardEvent) => this.pressInFilter(event),
  });
  private readonly kinds = make("div", { class: "kinds" });
  private readonly list = make("div", { class: "choice-list" });
  private readonly count = make("span", { class: "muted", role: "status" });
  readonly element = make("section", { class: "choices", "aria-labelledby": "choices-heading" },
    make("h2", { id: "choices-heading" }, "What next? ", this.count),
    make("div", { class: "controls" }, this.filter, this.kinds), this.list);

  constructor(
    private readonly data: ExploreData,
    private readonly on: { take: (choice: ChoiceRow) => void; point: (choice: ChoiceRow | null) => void; leave: () => void; name: (steps: number) => string },
  ) {}

  show(world: World): void {
    if (world.path !== this.world?.path) this.selected = 0;
    this.world = world;
    this.wide.clear();
    this.drawKinds();
    const hadKeyboard = this.list.contains(document.activeElement);
    this.draw();
    this.list.scrollTop = 0;
    if (hadKeyboard) this.shown[this.selected]?.button.focus({ preventScroll: true });
  }

  focusFilter(): void {
    this.filter.focus();
  }

  // Counted from 1, as the numbers beside the choices.
  takeNumber(number: number): void {
    const found = this.shown[number - 1];
    if (found) this.on.take(found.choice);
  }
  takeSelected(): void {
    this.takeNumber(this.selected + 1);
  }
  move(by: number): ChoiceRow | null {
    if (this.shown.length === 0) return null;
    this.selected = Math.max(0, Math.min(this.shown.length - 1, this.selected + by));
    this.mark();
    const { choice, button } = this.shown[this.selected];
    button.scrollIntoView({ block: "nearest" });
    return choice;
  }

  private drawKinds(): void {
    const counts = new Map<Kind, number>();
    for (const { kind } of this.world!.choices) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    this.kinds.replaceChildren(...order.filter((kind) => counts.has(kind)).map((kind) => {
      const box = make("input", { type: "checkbox", checked: !this.hidden.has(kind), change: () => {
        if (box.checked) this.hidden.delete(kind);
        else this.hidden.add(kind);
        this.draw();
      } });
      return make("label", { class: "chip", title: kindWords[kind] }, box, markIcon(kind), `${kindLabels[kind]} `,
        make("small", {}, withCommas(counts.get(kind)!)));
    }));
  }

  private matches(choice: ChoiceRow): boolean {
    if (this.hidden.has(choice.kind)) return false;
    const wanted = this.filter.value.trim().toLowerCase().split(/\s+/).filter((word) => word !== "");
    const text = [choice.words, ...effects(choice, this.data, 20)].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  }

  private draw(): void {
    const { choices, choices_left_out } = this.world!;
    const matching = choices.filter((choice) => this.matches(choice));
    const groups = new Map<string, ChoiceRow[]>([[wrong, []]]);
    this.data.processes.forEach(({ name }) => groups.set(name, []));
    groups.set("network", []);
    for (const choice of matching) groups.get(this.groupOf(choice))!.push(choice);
    this.shown = [];
    this.list.replaceChildren(...[...groups].filter(([, rows]) => rows.length > 0).map(([name, rows]) => this.group(name, rows)));
    if (choices.length === 0) this.list.append(make("p", { class: "muted" }, this.world!.fault === undefined ? "Nothing can happen any more." : "Nothing follows a handler that fails."));
    else if (matching.length === 0) this.list.append(make("p", { class: "muted" }, "Nothing of what can happen is like that."));
    if (choices_left_out) this.list.append(make("p", { class: "cut" }, `${withCommas(choices_left_out)} more are left out of this list.`));
    this.count.textContent = matching.length === choices.length ? plural(choices.length, "event") : `${withCommas(matching.length)} of ${plural(choices.length, "event")}`;
    this.selected = Math.max(0, Math.min(this.selected, this.shown.length - 1));
    this.mark();
  }

  private groupOf(choice: ChoiceRow): string {
    if (violates(choice)) return wrong;
    return choice.at === undefined ? "network" : this.data.processes[choice.at].name;
  }

  private group(name: string, rows: ChoiceRow[]): HTMLElement {
    rows.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
    const most = this.wide.has(name) ? Infinity : shownMax;
    const more = rows.length - Math.min(rows.length, most);
    return make("section", { class: "group", "aria-label": name },
      make("h3", {}, name),
      make("ol", {}, ...rows.slice(0, most).map((choice) => make("li", {}, this.button(choice)))),
      more > 0 && make("button", { type: "button", click: () => {
        this.wide.add(name);
        this.draw();
      } }, `${plural(more, "more event")} of ${name}`));
  }

  private button(choice: ChoiceRow): HTMLButtonElement {
    const { properties } = this.data;
    const at = this.shown.length;
    const signs = [
      ...(choice.fault === undefined ? [] : [make("span", { class: "sign broke" }, `\u2717 its handler fails: ${choice.fault}`)]),
      ...(choice.violates ?? []).map((one) => make("span", { class: "sign broke" }, `\u2717 violates \u201c${properties[one][0]}\u201d`)),
      ...(choice.reaches ?? []).map((one) => make("span", { class: "sign reached" }, `\u2605 reaches \u201c${properties[one][0]}\u201d`)),
      ...(choice.back_to === undefined ? [] : [make("span", { class: "sign again" },
        choice.back_to === this.world!.steps ? "\u21ba nothing is different then" : `\u21ba back to ${choice.back_to === 0 ? "" : "the world of "}${this.on.name(choice.back_to)}`)]),
    ];
    const isElsewhere = violates(choice) && choice.at !== undefined; // its group does not say where
    const button = make("button", {
      type: "button", class: `choice ${choice.kind}`, title: choice.words,
      click: () => this.on.take(choice),
      pointerenter: () => this.on.point(choice), pointerleave: () => this.on.point(null),
      focus: () => {
        this.selected = at;
        this.mark();
      },
    },
    make("span", { class: "key", "aria-hidden": "true" }, at < 9 ? String(at + 1) : ""),
    markIcon(choice.kind),
    make("span", { class: "what-next" },
      make("span", { class: "text" }, isElsewhere ? `${this.data.processes[choice.at!].name}: ` : null,
        saysItself(choice.kind) ? null : make("span", { class: "kind" }, `${kindLabels[choice.kind]} `), inPlace(choice, this.data)),
      ...signs,
      choice.unknown === true && make("small", {}, "what it would do was not looked at"),
      ...effects(choice, this.data, 4).map((line) => make("small", {}, line))));
    this.shown.push({ choice, button });
    return button;
  }

  private mark(): void {
    this.shown.forEach(({ button }, i) => button.classList.toggle("selected", i === this.selected));
  }

  private pressInFilter(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      this.filter.value = "";
      this.draw();
      this.on.leave();
    } else if (event.key === "Enter") {
      this.takeSelected();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else return;
    event.preventDefault();
  }
}
