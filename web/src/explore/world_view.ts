// The world that is looked at: processes with what the last step changed, the messages that wait for
// them, the network, what is left of the faults, the clients' history, and every property.
import { make, plural, withCommas } from "../dom";
import { markIcon } from "../trace/marks";
import { stateTable } from "../trace/state_table";
import type { ChoiceRow, Deed, ExploreData, MessageRow, PropertyState, World } from "./data";
import { effects, newsOf } from "./words";

const leavesMax = 40; // of one process, before more is asked for
const messagesMax = 30;

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export class WorldView {
  private readonly wide = new Set<string>(); // what is shown whole
  private last: { world: World; step: Deed | null } | null = null;
  private readonly what = make("div", { class: "last-step" });
  private readonly processes = make("div", { class: "cards" });
  private readonly beside = make("div", { class: "beside" });
  private readonly propertyList = make("ul", { class: "properties" });
  readonly properties = make("section", { "aria-labelledby": "properties-heading" },
    make("h2", { id: "properties-heading" }, "Properties"), this.propertyList);
  readonly element = make("section", { class: "world", "aria-label": "The world" }, this.what, this.processes, this.beside);

  constructor(
    private readonly data: ExploreData,
    private readonly on: { take: (choice: ChoiceRow) => void; go: (steps: number) => void; name: (steps: number) => string },
  ) {}

  show(world: World, step: Deed | null): void {
    if (world.path !== this.last?.world.path) this.wide.clear();
    this.last = { world, step };
    this.what.replaceChildren(...this.whatHappened(world, step));
    this.processes.replaceChildren(...world.processes.map((_, i) => this.card(world, step, i)));
    this.beside.replaceChildren(...this.network(world), ...this.clients(world), ...this.observers(world));
    this.propertyList.replaceChildren(...world.properties.map(([state, first], i) => this.property(world, state, first, i)));
  }

  // Where the event would happen.
  point(choice: ChoiceRow | null): void {
    [...this.processes.children].forEach((card, i) => card.classList.toggle("pointed", choice?.at === i));
    this.processes.querySelectorAll<HTMLElement>("[data-message]").forEach((row) =>
      row.classList.toggle("pointed", choice?.message !== undefined && row.dataset["message"] === String(choice.message)));
  }

  private whatHappened(world: World, step: Deed | null): Node[] {
    if (!step) return [make("p", {}, make("strong", {}, "The first world"), make("span", { class: "muted" }, ", behind the start of every process"))];
    const violated = (step.violates ?? []).map((one) =>
      make("p", { class: "badge broke" }, `\u2717 This step violates \u201c${this.data.properties[one][0]}\u201d.`));
    return [
      make("p", {}, make("strong", {}, `${capital(this.on.name(world.steps))}: `), make("code", {}, step.words)),
      ...violated,
      ...(step.fault === undefined ? [] : [make("p", { class: "badge broke" }, `\u2717 Its handler fails: ${step.fault}`),
        make("p", { class: "muted" }, "Shown is the world before it.")]),
      make("ul", { class: "effects" }, ...effects(step, this.data, 12).map((line) => make("li", {}, line))),
    ];
  }

  private card(world: World, step: Deed | null, at: number): HTMLElement {
    const { name, role } = this.data.processes[at];
    const process = world.processes[at];
    const isHere = step?.at === at && step.kind !== "drop" && step.kind !== "duplicate";
    const before = new Map(isHere && step.fault === undefined ? (step.changes ?? []).map(([path, was]) => [path, was]) : []);
    const gone = before.size === 0 || !step ? [] : newsOf(step).filter(({ after }) => after === null)
      .map(({ path, before: was }): [string, string] => [path, was ?? ""]);
    const cell = (path: string, value: string): (Node | string | null)[] => {
      if (!before.has(path)) return [value];
      if (gone.some(([lost]) => lost === path)) return [make("del", {}, value), " gone"];
      const was = before.get(path) ?? null;
      return [...(was === null ? [] : [make("del", {}, was), " \u2192 "]), make("ins", {}, value)];
    };
    const rows = process.state.filter(([path], i) => this.wide.has(`state ${at}`) || i < leavesMax || before.has(path));
    const hidden = process.state.length - rows.length;
    return make("article", { class: `card ${process.status === "down" ? "down" : ""} ${isHere ? "acted" : ""}`, "aria-label": name },
      make("h3", {}, name, role === "node" ? "" : make("small", { class: role === "client" ? "muted" : "sign broke" }, ` ${role}`),
        make("span", { class: `status ${process.status.replace(" ", "-")}` }, process.status)),
      process.timers.length > 0 && make("p", { class: "timers" }, ...process.timers.map(([timer, left]) => this.timer(world, at, timer, left))),
      stateTable([...rows, ...gone], (path) => before.has(path), cell),
      hidden > 0 && this.more(`state ${at}`, `${plural(hidden, "more field")}`),
      process.left_out !== undefined && make("p", { class: "cut" }, `${plural(process.left_out, "more field")} left out.`),
      this.inbox(world, at));
  }

  private timer(world: World, at: number, timer: string, left: string): HTMLElement {
    const fires = world.choices.find((choice) => choice.kind === "timer" && choice.at === at && choice.words.startsWith(`timer ${this.data.processes[at].name} ${timer}`));
    const words = [markIcon("timer"), `${timer}${left === "" ? "" : `, ${left}`}`];
    return fires ? make("button", { type: "button", class: "chip", title: "let it fire", click: () => this.on.take(fires) }, ...words)
      : make("span", { class: "chip", title: "armed, but it cannot fire here" }, ...words);
  }

  private inbox(world: World, at: number): HTMLElement | false {
    const all = world.messages.map((message, place) => ({ message, place })).filter(({ message }) => message.to === at);
    if (all.length === 0) return false;
    const delivery = new Map(world.choices.filter(({ kind, message }) => kind === "deliver" && message !== undefined).map((choice) => [choice.message!, choice]));
    // What would do something comes first, and of that what is new.
    const rank = ({ message, place }: { message: MessageRow; place: number }) => (delivery.has(place) ? 0 : 2) + (message.new ? 0 : 1);
    if (this.data.network !== "fifo") all.sort((a, b) => rank(a) - rank(b));
    const shown = this.wide.has(`messages ${at}`) ? all : all.slice(0, messagesMax);
    return make("div", { class: "inbox" }, make("h4", {}, "On the way to it"),
      make("ul", {}, ...shown.map(({ message, place }) => this.message(message, place, delivery.get(place), world.processes[at].status === "down"))),
      shown.length < all.length && this.more(`messages ${at}`, `${plural(all.length - shown.length, "more message")}`));
  }

  private message(message: MessageRow, place: number, delivery: ChoiceRow | undefined, isDown: boolean): HTMLElement {
    const words = [
      `from ${this.data.processes[message.from]?.name ?? "?"}: `, make("code", {}, message.text),
      message.count ? ` \u00d7${message.count}` : "",
      message.new ? make("span", { class: "tag new" }, "new") : "",
      message.held ? make("span", { class: "tag held" }, "held back by the partition") : "",
      message.behind ? make("span", { class: "tag" }, `behind ${message.behind}`) : "",
    ];
    return make("li", { class: delivery ? "" : "idle", "data-message": place },
      delivery ? make("button", { type: "button", class: "plain", title: "deliver it", click: () => this.on.take(delivery) }, ...words)
        : make("span", { title: message.held || message.behind || isDown ? "it cannot be delivered now" : "delivering it now would change nothing" }, ...words));
  }

  private network(world: World): HTMLElement[] {
    const budgets = world.budgets.map(([name, used, most]) =>
      make("li", { class: used === most ? "muted" : "" }, `${name}: ${withCommas(used)} of ${withCommas(most)} used`));
    return [make("section", {},
      make("h2", {}, "Network and faults"),
      make("p", {}, `${this.data.network}, ${world.messages.length + (world.messages_left_out ?? 0) === 0 ? "nothing is on its way" : plural(world.messages.length + (world.messages_left_out ?? 0), "message") + " on the way"}`),
      world.messages_left_out !== undefined && make("p", { class: "cut" }, `${plural(world.messages_left_out, "message")} left out of this page.`),
      world.cut !== "" && make("p", { class: "note" }, `cut: ${world.cut}`),
      budgets.length > 0 && make("ul", {}, ...budgets))];
  }

  private clients(world: World): HTMLElement[] {
    if (world.history.length === 0) return [];
    return [make("section", {}, make("h2", {}, "What the clients saw"), make("ul", { class: "history-list" },
      ...world.history.map(([client, operation, result]) => make("li", {},
        `${this.data.processes[client]?.name ?? "?"}: `, make("code", {}, operation), " ",
        result === null ? make("span", { class: "tag" }, "open") : make("span", {}, "\u2192 ", make("code", {}, result))))))];
  }

  private observers(world: World): HTMLElement[] {
    if (world.observers.length === 0) return [];
    return [make("section", {}, make("h2", {}, "Observers"), make("dl", { class: "facts" },
      ...world.observers.flatMap(([name, state]) => [make("dt", {}, name), make("dd", {}, make("code", {}, state))])))];
  }

  private property(world: World, state: PropertyState, first: number | null, at: number): HTMLElement {
    const [name, kind] = this.data.properties[at];
    const signs: Record<PropertyState, string> = { "holds": "\u2713", "violated": "\u2717", "reached": "\u2605", "not reached": "\u2606", "not judged": "\u2013" };
    const words = state === "not judged" ? "not of a single world" : state;
    const since = first === null || (first === world.steps && state !== "holds") ? null
      : state === "violated" ? ["first by ", this.link(first)]
        : state === "reached" ? ["first by ", this.link(first)]
          : kind === "sometimes" ? ["reached by ", this.link(first)] : ["was violated by ", this.link(first)];
    const isBad = state === "violated" || (first !== null && kind !== "sometimes");
    return make("li", { class: `${state.replace(" ", "-")} ${isBad ? "bad" : ""}` },
      make("span", { class: "sign", "aria-hidden": "true" }, signs[state]), make("span", { class: "name" }, name),
      make("span", { class: "muted" }, ` ${words}`, ...(since ? [", ", ...since] : [])));
  }

  private link(steps: number): HTMLElement {
    return make("button", { type: "button", class: "plain", click: () => this.on.go(steps) }, this.on.name(steps));
  }

  private more(what: string, words: string): HTMLElement {
    return make("button", { type: "button", class: "plain", click: () => {
      this.wide.add(what);
      if (this.last) this.show(this.last.world, this.last.step);
    } }, words);
  }
}
