// Elements, made in one expression. Texts are always text, never markup.
type Child = Node | string | null | false;
type Attributes = Record<string, string | number | boolean | ((event: never) => void)>;

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name, value as EventListener);
    } else if (typeof value === "boolean") {
      element.toggleAttribute(name, value);
    } else {
      element.setAttribute(name, String(value));
    }
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== false));
  return element;
}

export const withCommas = (count: number) => count.toLocaleString("en-US");
export const plural = (count: number, noun: string) =>
  `${withCommas(count)} ${noun}${count === 1 ? "" : "s"}`;

// A long path, which may be broken behind its parts.
export const pathWraps = (path: string): (Node | string)[] =>
  path.split(/(?<=[.\]}])/).flatMap((part, i) => (i === 0 ? [part] : [make("wbr"), part]));
