// Asks the program that has given out the page, and nobody else.
const longest = 4_000; // of a query in an address

export interface Question {
  path: string;
  world?: string;
  known?: number;
}

// Refused by the program: its own words.
export class Refusal extends Error {}

export async function ask(what: "world" | "nearest" | "run" | "file", question: Question): Promise<string> {
  const fields = Object.entries(question).filter(([, value]) => value !== undefined && value !== "");
  const query = new URLSearchParams(fields.map(([name, value]) => [name, String(value)])).toString();
  const address = `explore/${what}`;
  let answer: Response;
  try {
    answer = query.length <= longest
      ? await fetch(query === "" ? address : `${address}?${query}`)
      : await fetch(address, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(Object.fromEntries(fields)),
      });
  } catch {
    throw new Error("The program that has given out this page does not answer. Is it still running?");
  }
  const text = await answer.text();
  if (answer.ok) return text;
  let said = `the program answers with ${answer.status}`;
  try {
    said = (JSON.parse(text) as { error: string }).error;
  } catch {
    // It is not the program that answers, then; its number has to do.
  }
  throw new Refusal(said);
}
