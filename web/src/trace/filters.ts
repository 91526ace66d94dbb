// Which processes, kinds of event and messages are shown.
import { make, withCommas } from "../dom";
import type { Kind } from "./data";
import type { Filter } from "./layout";
import { kindWords, markIcon } from "./marks";
import type { Model } from "./model";

export class Filters {
  readonly filter: Filter = { hiddenProcesses: new Set(), hiddenKinds: new Set(), messageType: "" };
  readonly element: HTMLElement;
  private readonly kinds = new Map<string, HTMLInputElement>();

  constructor(model: Model, changed: () => void) {
    const chip = (content: (Node | string)[], title: string, toggle: (shown: boolean) => void) => {
      const box = make("input", { type: "checkbox", checked: true, change: () => { toggle(box.checked); changed(); } });
      return { box, label: make("label", { class: "chip", title }, box, ...content) };
    };
    const set = <T>(hidden: Set<T>, value: T) => (shown: boolean) => shown ? hidden.delete(value) : hidden.add(value);
    const processes = model.processes.map(({ name, role }, i) =>
      chip([name], role, set(this.filter.hiddenProcesses, i)).label);
    const counts = new Map<Kind, number>();
    for (const { kind } of model.steps) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const kinds = [...counts].map(([kind, count]) => {
      const made = chip([markIcon(kind), `${kind} `, make("small", {}, withCommas(count))], kindWords[kind],
        set(this.filter.hiddenKinds, kind));
      this.kinds.set(kind, made.box);
      return made.label;
    });
    const types = [...new Set(model.messages.map(({ type }) => type))].sort();
    const type = make("select", { change: () => { this.filter.messageType = type.value; changed(); } },
      make("option", { value: "" }, "all"), ...types.slice(0, 500).map((name) => make("option", { value: name }, name)));
    this.element = make("details", { class: "filters" },
      make("summary", {}, "Filter"),
      make("fieldset", {}, make("legend", {}, "Processes"), ...processes),
      make("fieldset", {}, make("legend", {}, "Events"), ...kinds),
      types.length > 1 && make("label", {}, "Messages ", type));
  }
}
