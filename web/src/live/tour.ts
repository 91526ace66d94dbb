// A short tour of what there is to see and to do, one place at a time.
import { make } from "../dom";

const steps: [string, string][] = [
  [".around", "These are the nodes, and along the lines the messages between them. Who leads is drawn twice; numbers are messages since the picture before."],
  [".topology .node", "Press a node, and it crashes; press it again, and it is back. With the keyboard: Tab to it and Enter, or its number."],
  [".cutting", "Cut some off: select nodes (Space, or Shift and a click) and press \u201cCut off\u201d, or drag one into the corner. Whoever is cut apart has another letter. \u201cHeal\u201d joins them."],
  [".pace", "Let it run, stop it, go on by one step, or make it slower or faster. Another seed is another run; the same seed and the same deeds are the same run again."],
  [".weather", "How much of what is sent gets lost, and how long the rest takes."],
  [".live-charts", "The last minute: answers and how long they took, elections, and who has how much to do."],
  [".keeping", "All that happens can be kept: as a trace, which gainsay replay runs again step by step, or as the list of what you did. If a property breaks, the run stops and says so."],
];

export class Tour {
  private at = -1;
  private before: Element | null = null;
  private readonly words = make("p", { id: "tour-words" });
  private readonly count = make("span", { class: "muted" });
  private readonly next = make("button", { type: "button", click: () => this.go(this.at + 1) }, "Next");
  private readonly back = make("button", { type: "button", click: () => this.go(this.at - 1) }, "Back");
  private readonly card = make("aside", { class: "tour", role: "dialog", "aria-label": "Guided tour", "aria-describedby": "tour-words", hidden: true },
    this.words, make("div", { class: "controls" }, this.count, this.back, this.next,
      make("button", { type: "button", click: () => this.end() }, "Close")));

  constructor(private readonly place: HTMLElement) {
    place.append(this.card);
    this.card.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.end();
      else if (event.key === "ArrowRight") this.go(this.at + 1);
      else if (event.key === "ArrowLeft") this.go(this.at - 1);
      else return;
      event.preventDefault();
    });
  }

  begin(): void {
    this.before = document.activeElement;
    this.go(0);
    this.next.focus();
  }

  private go(step: number): void {
    if (step >= steps.length) return this.end();
    this.at = Math.max(0, step);
    const [where, words] = steps[this.at];
    this.mark(where);
    this.words.textContent = words;
    this.count.textContent = `${this.at + 1} of ${steps.length}`;
    this.back.disabled = this.at === 0;
    this.next.textContent = this.at + 1 === steps.length ? "Done" : "Next";
    this.card.hidden = false;
  }

  private mark(where: string | null): void {
    this.place.querySelectorAll(".toured").forEach((element) => element.classList.remove("toured"));
    const element = where === null ? null : this.place.querySelector(where);
    // A node is drawn anew all the time; its picture stays.
    const lasting = element?.closest(".topology") ?? element;
    lasting?.classList.add("toured");
    lasting?.scrollIntoView({ block: "nearest" });
  }

  private end(): void {
    this.card.hidden = true;
    this.mark(null);
    if (this.before instanceof HTMLElement || this.before instanceof SVGElement) this.before.focus();
  }
}
