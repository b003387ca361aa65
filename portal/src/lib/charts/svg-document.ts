/**
 * As much of a DOM as Observable Plot needs to draw: elements that can be nested and written out.
 * The same text is made on the server and in the browser, so that hydration finds what it expects.
 */
const namespaces: Record<string, string> = { svg: "http://www.w3.org/2000/svg", xlink: "http://www.w3.org/1999/xlink" };
const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);

class TextNode {
  parentNode: SvgElement | null = null;
  nodeValue: string;
  constructor(text: string) {
    this.nodeValue = text;
  }
  get outerHTML(): string {
    return escape(this.nodeValue);
  }
}

class SvgElement {
  readonly ownerDocument: SvgDocument;
  readonly tagName: string;
  readonly namespaceURI = namespaces.svg;
  readonly childNodes: (SvgElement | TextNode)[] = [];
  readonly style: Record<string, unknown>;
  parentNode: SvgElement | null = null;
  #attributes = new Map<string, string>();

  constructor(document: SvgDocument, tagName: string) {
    this.ownerDocument = document;
    this.tagName = tagName;
    const declared = new Map<string, string>();
    const write = (): void => this.setAttribute("style", [...declared].map(([name, value]) => `${name}: ${value}`).join("; "));
    this.style = {
      setProperty: (name: string, value: string) => {
        declared.set(name, value);
        write();
      },
      removeProperty: (name: string) => {
        declared.delete(name);
        write();
      },
    };
  }

  setAttribute(name: string, value: unknown): void {
    this.#attributes.set(name, String(value));
  }
  setAttributeNS(_namespace: string | null, name: string, value: unknown): void {
    this.setAttribute(name, value);
  }
  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }
  getAttributeNS(_namespace: string | null, name: string): string | null {
    return this.getAttribute(name);
  }
  hasAttribute(name: string): boolean {
    return this.#attributes.has(name);
  }
  removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }
  removeAttributeNS(_namespace: string | null, name: string): void {
    this.removeAttribute(name);
  }
  addEventListener(): void {}
  removeEventListener(): void {}
  dispatchEvent(): boolean {
    return true;
  }
  append(...nodes: (SvgElement | TextNode | string)[]): void {
    for (const node of nodes) this.insertBefore(typeof node === "string" ? new TextNode(node) : node, null);
  }
  appendChild<Node extends SvgElement | TextNode>(node: Node): Node {
    return this.insertBefore(node, null);
  }
  insertBefore<Node extends SvgElement | TextNode>(node: Node, before: SvgElement | TextNode | null): Node {
    node.parentNode?.removeChild(node);
    const at = before ? this.childNodes.indexOf(before) : -1;
    this.childNodes.splice(at < 0 ? this.childNodes.length : at, 0, node);
    node.parentNode = this;
    return node;
  }
  removeChild<Node extends SvgElement | TextNode>(node: Node): Node {
    const at = this.childNodes.indexOf(node);
    if (at >= 0) this.childNodes.splice(at, 1);
    node.parentNode = null;
    return node;
  }
  remove(): void {
    this.parentNode?.removeChild(this);
  }
  get firstChild(): SvgElement | TextNode | null {
    return this.childNodes[0] ?? null;
  }
  set textContent(text: string) {
    this.childNodes.length = 0;
    if (text) this.append(String(text));
  }
  querySelector(): null {
    return null;
  }
  querySelectorAll(): SvgElement[] {
    return [];
  }
  get outerHTML(): string {
    const attributes = [...this.#attributes].map(([name, value]) => ` ${name}="${escape(value)}"`).join("");
    return `<${this.tagName}${attributes}>${this.childNodes.map((node) => node.outerHTML).join("")}</${this.tagName}>`;
  }
}

class SvgDocument {
  readonly documentElement: SvgElement = new SvgElement(this, "html");
  // Plot's tip mark makes events of the window's class.
  readonly defaultView = { Event };
  createElement(tagName: string): SvgElement {
    return new SvgElement(this, tagName);
  }
  createElementNS(_namespace: string, tagName: string): SvgElement {
    return new SvgElement(this, tagName);
  }
  createTextNode(text: string): TextNode {
    return new TextNode(text);
  }
}

/** A document to give Plot as its `document` option; what it draws has an `outerHTML`. */
export const createSvgDocument = (): Document => new SvgDocument() as unknown as Document;
