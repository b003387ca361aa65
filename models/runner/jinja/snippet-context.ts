/** What the tests' snippets can use. */
export const snippetContext = {
  items: [3, 1, 2],
  names: ["b", "a", "C"],
  user: { name: "Wei", age: 30, tags: ["x", "y"] },
  rows: [
    { n: 1, k: "a" },
    { n: 2, k: "b" },
    { n: 3, k: "a" },
  ],
  text: "Hello World",
  empty: [],
  nothing: null,
  flag: true,
  price: 12.5,
  path: "a.b.c",
  tree: [
    {
      name: "root",
      kids: [
        { name: "left", kids: [] },
        { name: "right", kids: [{ name: "leaf", kids: [] }] },
      ],
    },
  ],
};
