// A walk by hand: the path on the left, the world in the middle, what can happen next on the right.
// The address names the path, so that a link leads to the same world, and the browser goes back.
import { make, plural, withCommas } from "../dom";
import { Keys } from "../shared/keys";
import { copyable, save, toolbar } from "../shared/shell";
import type { TraceData } from "../trace/data";
import type { Question } from "./asking";
import { Refusal, ask } from "./asking";
import { Choices } from "./choices";
import type { ChoiceRow, Deed, ExploreData, Nearest, World } from "./data";
import "./explore.css";
import type { Branch } from "./line";
import { Line, stepsOf } from "./line";
import { PathList } from "./path_list";
import { Picture } from "./picture";
import { effects } from "./words";
import { WorldView } from "./world_view";

const worldsMax = 80; // kept, so that going back asks nobody
const worldDigits = 12; // of a link
const branchesBytes = 1_000_000;

interface Address {
  path: string;
  world?: string;
}

export function exploreView(place: HTMLElement, data: ExploreData): void {
  new View(place, data);
}

class View {
  private readonly keys = new Keys();
  private readonly line = new Line();
  private readonly worlds = new Map<string, World>(); // by path
  private world: World | null = null;
  private asked = 0; // questions so far: an answer to an old one is not shown
  private isBusy = false;
  private readonly choices: Choices;
  private readonly view: WorldView;
  private readonly list: PathList;
  private readonly picture: Picture;
  private readonly verdict = make("p", { class: "walk-verdict", role: "status" });
  private readonly trouble = make("div", { class: "trouble", role: "alert" });
  private readonly said = make("p", { class: "said", "aria-live": "polite" });
  private readonly nearest = make("div", { class: "nearest", role: "status" });
  private readonly back = make("button", { type: "button", title: "One step back (u, \u2190)", click: () => this.move(-1) }, "\u2190 Back");
  private readonly on = make("button", { type: "button", title: "The step that was taken back (r, \u2192)", click: () => this.move(1) }, "Redo \u2192");
  private readonly bench: HTMLElement;

  constructor(private readonly place: HTMLElement, private readonly data: ExploreData) {
    const take = (choice: ChoiceRow) => this.take(choice);
    const name = (steps: number) => this.line.name(steps);
    this.choices = new Choices(data, { take, name, point: (choice) => this.view.point(choice), leave: () => this.bench.focus() });
    this.view = new WorldView(data, { take, name, go: (steps) => this.goTo(steps) });
    this.list = new PathList({ go: (steps) => this.goTo(steps), branch: (branch) => void this.go(branch.steps) });
    this.picture = new Picture(async (path) => JSON.parse(await ask("run", { path })) as TraceData, (event) => this.goToEvent(event));
    this.bench = make("div", { class: "walk", tabindex: "-1" },
      make("div", { class: "left" }, this.list.element, this.view.properties),
      this.view.element, this.choices.element);
    this.recallBranches();
    this.bindKeys();
    place.classList.add("explore");
    place.append(this.header(), this.trouble, this.controls(), this.nearest, this.bench, this.said, this.picture.element, this.footer());
    addEventListener("popstate", () => void this.goToAddress());
    addEventListener("hashchange", () => void this.goToAddress());
    void this.begin();
  }

  private header(): HTMLElement {
    const { data } = this;
    return make("header", {}, toolbar(this.keys),
      make("h1", {}, `${data.system}, step by step`),
      make("p", {}, make("strong", {}, `${data.system}${data.bug ? ` (bug ${data.bug})` : ""}`), `, within ${data.bounds}`,
        data.name === "" ? "" : make("span", { class: "muted" }, `; begun with the trace ${data.name}`)),
      this.verdict);
  }

  private controls(): HTMLElement {
    const button = (words: string, title: string, click: () => void) => make("button", { type: "button", title, click }, words);
    return make("div", { class: "controls" }, this.back, this.on,
      button("First world", "Home", () => this.goTo(0)),
      button("How far is the nearest violation?", "Looks ahead from here, as far as its effort goes (n)", () => void this.findNearest()),
      button("Copy link", "To this very world (c)", () => void this.copyLink()),
      button("Save as a trace", "A file that `gainsay replay` runs (s)", () => void this.saveTrace()));
  }

  private footer(): HTMLElement {
    return make("section", { "aria-labelledby": "again-heading" }, make("h2", { id: "again-heading" }, "This page again"),
      make("p", {}, "A link leads to the same world wherever the same system runs with the same bounds: the part of the address behind # names the path, and is refused where it leads to another world."),
      copyable(this.data.command));
  }

  // --- where we are ---

  private async begin(): Promise<void> {
    const address = this.address();
    if (address) {
      await this.go(stepsOf(address.path), "stay", address);
      if (this.world) return;
    }
    await this.go(stepsOf(address ? "" : this.data.path), "replace", undefined, address !== null);
  }

  private address(): Address | null {
    const fields = new URLSearchParams(location.hash.slice(1));
    const path = fields.get("path");
    if (path === null) return null;
    const world = fields.get("world");
    return world === null ? { path } : { path, world };
  }

  private addressOf(world: World): string {
    const hash = world.world === "" ? "" : `&world=${world.world.slice(0, worldDigits)}`;
    return `#path=${world.path}${hash}`;
  }

  private async goToAddress(): Promise<void> {
    const address = this.address() ?? { path: this.data.path };
    if (address.path === this.line.path && this.world?.path === address.path) return;
    await this.go(stepsOf(address.path), "stay", address);
  }

  private goTo(steps: number): void {
    void this.go(this.line.steps.slice(0, steps));
  }
  private move(by: number): void {
    const at = this.line.at + by;
    if (at >= 0 && at <= this.line.steps.length) this.goTo(at);
  }
  private goToEvent(event: number): void {
    const found = this.line.rows.findIndex((row, i) => row.event <= event && (this.line.rows[i + 1]?.event ?? Infinity) > event);
    this.goTo(found + 1);
  }
  private take(choice: ChoiceRow): void {
    if (this.isBusy || !this.world?.choices.includes(choice)) return;
    void this.go([...this.line.steps.slice(0, this.line.at), choice.step]);
  }

  // `how` the address is kept: as a new one, in place of the last, or as it is.
  private async go(steps: string[], how: "push" | "replace" | "stay" = "push", address?: Address, keepTrouble = false): Promise<void> {
    const number = ++this.asked;
    const path = steps.join(".");
    const before = { steps: [...this.line.steps], at: this.line.at, rows: [...this.line.rows], branches: [...this.line.branches] };
    this.line.go(steps);
    let world = this.worlds.get(path);
    if (!world || !this.line.isTold || address?.world !== undefined) {
      this.busy(true);
      try {
        const known = Math.min(this.line.rows.length, steps.length);
        const question: Question = address?.world === undefined ? { path, known } : { path, known, world: address.world };
        world = JSON.parse(await ask("world", question)) as World;
      } catch (error) {
        if (number !== this.asked) return;
        this.busy(false);
        Object.assign(this.line, before);
        this.tell(error as Error, address);
        return;
      }
      if (number !== this.asked) return;
      this.line.learn(world.known, world.taken);
      this.keep(path, world);
    }
    this.busy(false);
    if (!keepTrouble) this.trouble.replaceChildren();
    const isSame = how === "push" && this.world?.path === path;
    this.world = world;
    if (how !== "stay" && !isSame) history[how === "push" ? "pushState" : "replaceState"](null, "", this.addressOf(world));
    this.draw(world);
  }

  // Of this tab alone, and not of very long ones: a reload forgets no branch.
  private recallBranches(): void {
    try {
      this.line.branches = JSON.parse(sessionStorage.getItem(location.pathname) ?? "[]") as Branch[];
    } catch {
      // There is no place to remember, or nothing that can be read.
    }
  }
  private rememberBranches(): void {
    try {
      const text = JSON.stringify(this.line.branches);
      if (text.length < branchesBytes) sessionStorage.setItem(location.pathname, text);
    } catch {
      // As above.
    }
  }

  private keep(path: string, world: World): void {
    this.worlds.delete(path);
    this.worlds.set(path, world);
    if (this.worlds.size > worldsMax) this.worlds.delete(this.worlds.keys().next().value!);
  }

  private busy(isBusy: boolean): void {
    this.isBusy = isBusy;
    this.bench.setAttribute("aria-busy", String(isBusy));
  }

  private tell(error: Error, address?: Address): void {
    const from = address ? "This link cannot be followed: " : "";
    this.trouble.replaceChildren(make("p", { class: "cut" }, `${from}${error.message}`),
      error instanceof Refusal ? "" : copyable(this.data.command));
  }

  // --- what is shown ---

  private draw(world: World): void {
    const { line } = this;
    const step = line.rows[line.at - 1] ?? null;
    this.nearest.replaceChildren();
    this.back.disabled = line.at === 0;
    this.on.disabled = line.at === line.steps.length;
    this.rememberBranches();
    this.list.show(line);
    this.view.show(world, step);
    this.choices.show(world);
    this.picture.show(world.path, world.steps);
    this.showVerdict(world);
    this.said.textContent = this.sentence(world, step);
    this.place.dataset["world"] = world.world; // for those who wait until it is there
    this.place.dataset["path"] = world.path;
    document.title = `${this.data.system}: ${this.line.name(world.steps)}`;
  }

  private violations(world: World): { name: string; first: number }[] {
    return world.properties.flatMap(([, first], i) => first !== null && this.data.properties[i][1] !== "sometimes"
      ? [{ name: this.data.properties[i][0], first }] : []);
  }

  private showVerdict(world: World): void {
    const found = this.violations(world);
    const ahead = world.choices.filter(({ violates, fault }) => (violates?.length ?? 0) > 0 || fault !== undefined).length;
    const failed = world.fault === undefined ? [] : [`\u2717 A handler fails: ${world.fault}`];
    const violated = found.map(({ name, first }) => `\u2717 Violates \u201c${name}\u201d since ${this.line.name(first)}`);
    const lines = [...failed, ...violated];
    this.verdict.className = `walk-verdict ${lines.length > 0 ? "violated" : ""}`;
    this.verdict.textContent = (lines.length > 0 ? `${lines.join(". ")}.` : "Nothing is violated so far.") +
      (ahead > 0 ? ` ${ahead === 1 ? "One of the next events violates" : `${withCommas(ahead)} of the next events violate`} a property.` : "");
  }

  private sentence(world: World, step: Deed | null): string {
    if (!step) return `The first world. ${plural(world.choices.length, "event")} can happen.`;
    return [`${this.line.name(world.steps)}: ${step.words}`, effects(step, this.data, 5).join(", "), `${plural(world.choices.length, "event")} can happen.`]
      .filter((part) => part !== "").join(". ");
  }

  // --- what can be asked of a world ---

  private async findNearest(): Promise<void> {
    const { world } = this;
    if (!world) return;
    this.nearest.replaceChildren(make("p", { class: "muted" }, "Looking\u2026"));
    try {
      const found = JSON.parse(await ask("nearest", { path: world.path })) as Nearest;
      if (world === this.world) this.nearest.replaceChildren(...this.nearestWords(world, found));
    } catch (error) {
      if (world === this.world) this.nearest.replaceChildren(make("p", { class: "cut" }, (error as Error).message));
    }
  }

  private nearestWords(world: World, found: Nearest): Node[] {
    const worlds = `${plural(found.worlds, "world")} looked at`;
    if (!found.found) {
      return [make("p", {}, found.complete
        ? `From here nothing more is violated, whatever happens (${worlds}).`
        : `Nothing more is violated within ${plural(found.depth, "step")} from here; what lies behind was not looked at (${worlds}).`)];
    }
    const steps = found.steps.map(([step]) => step);
    const here = stepsOf(world.path);
    return [
      make("p", {}, make("strong", {}, `\u2717 \u201c${found.property}\u201d is violated in ${plural(steps.length, "step")}`), ` (${worlds}): `,
        make("button", { type: "button", click: () => void this.go([...here, ...steps]) }, "Go there"), " ",
        make("button", { type: "button", click: () => void this.go([...here, steps[0]]) }, "Take the first step")),
      make("ol", {}, ...found.steps.map(([, words]) => make("li", {}, make("code", {}, words)))),
    ];
  }

  private async copyLink(): Promise<void> {
    if (!this.world) return;
    const link = new URL(this.addressOf(this.world), location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      this.said.textContent = "The link to this world is copied.";
    } catch {
      this.nearest.replaceChildren(copyable(link));
    }
  }

  private async saveTrace(): Promise<void> {
    if (!this.world) return;
    try {
      const name = `${this.data.system.replaceAll(/\W+/g, "-").slice(0, 60)}-by-hand.trace.json`;
      save(name, "application/json", await ask("file", { path: this.world.path }));
      this.said.textContent = `Saved as ${name}; see it happen again with: gainsay replay ${name}`;
    } catch (error) {
      this.tell(error as Error);
    }
  }

  // --- keys ---

  private bindKeys(): void {
    const { keys } = this;
    keys.add("1 2 3 4 5 6 7 8 9", "take the event of this number", undefined, "1 to 9");
    for (let i = 1; i <= 9; ++i) keys.hidden(String(i), () => !this.isBusy && this.choices.takeNumber(i));
    keys.add("ArrowDown j", "next event of the list", () => this.view.point(this.choices.move(1)), "\u2193 j");
    keys.add("ArrowUp k", "the one before", () => this.view.point(this.choices.move(-1)), "\u2191 k");
    keys.add("Enter", "take it", () => !this.isBusy && this.choices.takeSelected());
    keys.add("u Backspace ArrowLeft", "one step back", () => this.move(-1), "u \u2190");
    keys.add("r ArrowRight", "the step that was taken back", () => this.move(1), "r \u2192");
    keys.add("Home", "the first world", () => this.goTo(0));
    keys.add("End", "the end of the path", () => this.goTo(this.line.steps.length));
    keys.add("/", "filter what can happen", () => this.choices.focusFilter());
    keys.add("n", "how far the nearest violation is", () => void this.findNearest());
    keys.add("d", "the space-time diagram of the path, or not", () => this.picture.toggle());
    keys.add("c", "copy the link to this world", () => void this.copyLink());
    keys.add("s", "save the path as a trace", () => void this.saveTrace());
  }
}
