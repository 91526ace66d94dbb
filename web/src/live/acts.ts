// What somebody does to the run: sent to the server, and what it refuses is said.
import { save } from "../shared/shell";
import type { LiveData } from "./data";

export class Acts {
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly data: LiveData, private readonly say: (text: string) => void) {}

  // One after the other, in order.
  send(...commands: string[]): void {
    for (const command of commands) this.queue = this.queue.then(() => this.post(command));
  }

  private async post(command: string): Promise<void> {
    try {
      const answer = await fetch(this.data.act, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ do: command }),
      });
      this.say(answer.ok ? command : await reason(answer));
    } catch {
      this.say("nobody answers: has the program ended?");
    }
  }

  async keep(what: "trace" | "log", seed: string): Promise<void> {
    this.say(what === "trace" ? "the run is made a trace\u2026" : "");
    try {
      const answer = await fetch(this.data[what]);
      if (!answer.ok) return this.say(await reason(answer));
      const name = `${this.data.system}-${seed.replace(/^0+(?=.)/, "")}-live${what === "trace" ? ".trace" : ""}.json`;
      save(name, "application/json", await answer.text());
      this.say(what === "trace" ? `saved: gainsay replay ${name}` : `saved as ${name}`);
    } catch {
      this.say("nobody answers: has the program ended?");
    }
  }
}

async function reason(answer: Response): Promise<string> {
  try {
    return ((await answer.json()) as { error: string }).error;
  } catch {
    return `refused (${answer.status})`;
  }
}
