import { array, assert, asyncProperty, configureGlobal, integer, jsonValue, nat, option, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { globalsOf, parseTemplate, renderTemplate } from "./index.ts";
import { snippetContext as context } from "./snippet-context.ts";

/** Template and text, as Jinja2 3.1.6 for Python renders it. */
const snippets: [template: string, text: string][] = [
  ["{{ nothing | map('lower') | list }}{{ missing | select('odd') | list }}", "[][]"],
  [
    "{% set ns = namespace(found=false) %}{% for i in items %}{% if i == 2 %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.found }}",
    "True",
  ],
  ["{% for row in items | batch(2, 'x') %}{{ row }}{% endfor %}|{{ [1, 2, 3, 4] | slice(2) | list }}", "[3, 1][2, 'x']|[[1, 2], [3, 4]]"],
  ["{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}", "abab"],
  ["{% set j = joiner(' + ') %}{% for i in items %}{{ j() }}{{ i }}{% endfor %}", "3 + 1 + 2"],
  [
    "{% macro field(name, kind='text') %}<{{ name }}:{{ kind }}>{% endmacro %}{{ field('a') }}{{ field('b', kind='date') }}",
    "<a:text><b:date>",
  ],
  ["{{ [3, 1] is iterable }}{{ 5 is divisibleby 5 }}{{ 'a' is string }}{{ {} is mapping }}{{ none is none }}", "TrueTrueTrueTrueTrue"],
  ["{{ 'yes' if flag else 'no' }}{{ 'yes' if not flag }}|{{ user.age >= 18 and user.name }}", "yes|Wei"],
  ["{{ 'a %s b %d' % ('x', 3) }}|{{ '%(n)s' % {'n': 1} }}", "a x b 3|1"],
  ["{{ 'one\ntwo' | indent(2) }}|{{ 'one\ntwo' | indent(2, true) }}", "one\n  two|  one\n  two"],
  ["{{ 42.55 | round(1, 'floor') }}|{{ -3 | abs }}|{{ 'b a' | title }}|{{ [1, none, 2] | select | list }}", "42.5|3|B A|[1, 2]"],
  ["{% for n in [1, 2] %}{% for m in ['a', 'b'] %}{{ n }}{{ m }}{{ loop.index }} {% endfor %}{% endfor %}", "1a1 1b2 2a1 2b2 "],
  ["{{ 4 / 2 }}|{{ 7 // 2 }}|{{ -7 // 2 }}|{{ -7 % 3 }}|{{ 2 ** 10 }}|{{ 1 + 2.0 }}", "2.0|3|-4|2|1024|3.0"],
  ["{{ 1 < 2 < 3 }}|{{ 1 < 2 > 5 }}|{{ not 1 == 2 }}", "True|False|True"],
  ['{{ [1] + [2] }}|{{ (1, 2) + (3,) }}|{{ "a" * 3 }}|{{ [0] * 2 }}', "[1, 2]|(1, 2, 3)|aaa|[0, 0]"],
  ['{{ "a" "b" }}|{{ 1 ~ "x" ~ none }}|{{ true }}|{{ none }}', "ab|1xNone|True|None"],
  ['{{ true and 0 }}|{{ 0 or [] or "x" }}|{{ not [] }}|{{ not {} }}', "0|x|True|True"],
  [
    '{% if [] %}y{% else %}n{% endif %}{% if {} %}y{% else %}n{% endif %}{% if 0.0 %}y{% else %}n{% endif %}{% if "0" %}y{% endif %}',
    "nnny",
  ],
  ['{% for i in items if i > 1 %}{{ i }}{{ "," if not loop.last }}{% endfor %}', "3,2"],
  ["{% set x = 1 %}{% for i in items %}{% set x = i %}{% endfor %}{{ x }}", "1"],
  ["{% set ns = namespace(total=0) %}{% for i in items %}{% set ns.total = ns.total + i %}{% endfor %}{{ ns.total }}", "6"],
  [
    "{% for i in items %}{{ loop.index }}/{{ loop.length }}{% if loop.first %}f{% endif %}{% if loop.last %}l{% endif %} {% endfor %}",
    "1/3f 2/3 3/3l ",
  ],
  ["{% for i in items %}{{ loop.revindex0 }}{{ loop.previtem is defined }}{{ loop.nextitem }};{% endfor %}", "2False1;1True2;0True;"],
  ["{% for i in items %}{{ loop.cycle('odd', 'even') }} {% endfor %}", "odd even odd "],
  ["{% for r in rows %}{% if loop.changed(r.k) %}{{ r.k }}{% endif %}{% endfor %}", "aba"],
  ["{% for k, v in user.items() %}{{ k }}={{ v }};{% endfor %}", "name=Wei;age=30;tags=['x', 'y'];"],
  ["{% for i in empty %}x{% else %}none{% endfor %}", "none"],
  ["{% for n in tree recursive %}{{ n.name }}{{ loop.depth }}({{ loop(n.kids) }}){% endfor %}", "root1(left2()right2(leaf3()))"],
  ["{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }} {% endfor %}", "3 7 "],
  ["{% set a, b = 1, 2 %}{{ a }}{{ b }}", "12"],
  ["{% set (a, b) = (3, 4) %}{{ a }}{{ b }}", "34"],
  ["{% set block %}x{{ 1 }}y{% endset %}[{{ block }}]", "[x1y]"],
  ["{% set block | upper %}abc{% endset %}{{ block }}", "ABC"],
  ["{% do items.append(9) %}{{ items }}", "[3, 1, 2, 9]"],
  ["{% set l = [] %}{% do l.extend([1, 2]) %}{% do l.insert(0, 0) %}{{ l }}{{ l.pop() }}{{ l.pop(0) }}{{ l.index(1) }}", "[0, 1, 2]200"],
  [
    '{% set d = {"a": 1} %}{% do d.update({"b": 2}) %}{% do d.update(c=3) %}{{ d }}{{ d.pop("a") }}{{ d.get("z", 5) }}{{ d.get("z") }}{{ d.setdefault("q", 7) }}',
    "{'a': 1, 'b': 2, 'c': 3}15None7",
  ],
  ["{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(b=5, a=4) }}", "1-2 1-3 4-5"],
  ["{% macro m(a) %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, x=4) }}", "(2, 3){'x': 4}"],
  ["{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}inner{% endcall %}", "[inner]"],
  ["{% macro m(xs) %}{% for x in xs %}{{ caller(x) }}{% endfor %}{% endmacro %}{% call(x) m([1, 2]) %}<{{ x }}>{% endcall %}", "<1><2>"],
  ["{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(7) }}", "7"],
  ["{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}", "False"],
  ["{% macro fact(n) %}{% if n <= 1 %}1{% else %}{{ n * fact(n - 1) | int }}{% endif %}{% endmacro %}{{ fact(5) }}", "120"],
  ["{% filter upper %}abc{{ 1 }}{% endfilter %}", "ABC1"],
  ["{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}", "3False"],
  ["{% raw %}{{ not }} {% touched %}{% endraw %}", "{{ not }} {% touched %}"],
  ["a {#- comment -#} b", "ab"],
  ["  {%- if true -%}  x  {%- endif -%}  y", "xy"],
  [
    "{{ items[0] }}{{ items[-1] }}{{ items[1:] }}{{ items[::-1] }}{{ text[:5] }}{{ text[-5:] }}{{ items[:-1] }}",
    "32[1, 2][2, 1, 3]HelloWorld[3, 1]",
  ],
  ['{{ user.name }}{{ user["name"] }}{{ user.tags[1] }}{{ user.missing }}{{ user.missing is defined }}', "WeiWeiyFalse"],
  [
    "{{ items | sort }}|{{ names | sort }}|{{ names | sort(case_sensitive=true) }}|{{ items | sort(reverse=true) }}",
    "[1, 2, 3]|['a', 'b', 'C']|['C', 'a', 'b']|[3, 2, 1]",
  ],
  ['{{ rows | map(attribute="n") | list }}|{{ rows | selectattr("k", "equalto", "a") | map(attribute="n") | join(",") }}', "[1, 2, 3]|1,3"],
  [
    '{{ rows | rejectattr("n", ">", 1) | list | length }}|{{ items | select("odd") | list }}|{{ items | reject("in", [1]) | list }}',
    "1|[3, 1]|[3, 2]",
  ],
  [
    '{{ rows | groupby("k") | map("first") | list }}|{% for k, g in rows | groupby("k") %}{{ k }}{{ g | sum(attribute="n") }} {% endfor %}',
    "['a', 'b']|a4 b2 ",
  ],
  ['{{ rows | sum(attribute="n") }}|{{ items | sum }}|{{ items | max }}|{{ items | min }}', "6|6|3|1"],
  ['{{ names | map("upper") | join("-") }}|{{ names | map("replace", "a", "z") | list }}', "B-A-C|['b', 'z', 'C']"],
  ['{{ items | join(", ") }}|{{ rows | join("+", attribute="k") }}', "3, 1, 2|a+b+a"],
  ['{{ "x" | default("d") }}|{{ missing | default("d") }}|{{ "" | default("d", true) }}|{{ none | default("d") }}', "x|d|d|None"],
  ["{{ items | first }}|{{ items | last }}|{{ items | length }}|{{ items | reverse | list }}", "3|2|3|[2, 1, 3]"],
  ['{{ [1, 2, 1] | unique | list }}|{{ ["a", "A"] | unique | list }}', "[1, 2]|['a']"],
  [
    '{{ "3.7" | int }}|{{ "x" | int(5) }}|{{ "2" | float }}|{{ 3 | string + "x" }}|{{ 2.5 | round }}|{{ 3.14159 | round(2) }}|{{ 2.1 | round(0, "ceil") }}',
    "3|5|2.0|3x|2.0|3.14|3.0",
  ],
  ['{{ {"b": 1, "a": [true, none]} | tojson }}', '{"a": [true, null], "b": 1}'],
  ['{{ {"b": 1, "a": 2} | dictsort }}|{{ {"a": 1} | items | list }}', "[('a', 2), ('b', 1)]|[('a', 1)]"],
  [
    '{{ "a,b" .split(",") }}|{{ "a b  c".split() }}|{{ "a-b-c".rsplit("-", 1) }}|{{ "x=1".partition("=") }}',
    "['a', 'b']|['a', 'b', 'c']|['a-b', 'c']|('x', '=', '1')",
  ],
  ['{{ path.replace(".", "_") }}|{{ path.replace(".", "_", 1) }}|{{ "  x ".strip() }}|{{ "xxaxx".strip("x") }}', "a_b_c|a_b.c|x|a"],
  [
    '{{ text.upper() }}{{ text.lower() }}{{ text.title() }}{{ text.startswith("He") }}{{ text.endswith(("ld", "x")) }}{{ text.find("o") }}{{ text.count("l") }}',
    "HELLO WORLDhello worldHello WorldTrueTrue43",
  ],
  [
    '{{ "{} {name} {0!r} {:>5}".format("a", "b", name="n") if false else "{0} {name} {0!r} {1:>5}|{2:,.2f}|{3:05d}".format("a", "b", 1234.5, 42, name="n") }}',
    "a n 'a'     b|1,234.50|00042",
  ],
  ['{{ "%s is %d and %.2f %05d %%" % ("a", 3, 2.5, 7) }}|{{ "%s" % "x" }}|{{ "%(a)s" % {"a": 1} }}', "a is 3 and 2.50 00007 %|x|1"],
  ['{{ "%s-%s" | format("a", 1) }}', "a-1"],
  ['{{ ", ".join(["a", "b"]) }}|{{ "abc".zfill(5) }}|{{ "ab".center(6, "*") }}|{{ "a".ljust(3, ".") }}', "a, b|00abc|**ab**|a.."],
  [
    '{{ 3 is odd }}{{ 3 is divisibleby 3 }}{{ "a" is string }}{{ [] is iterable }}{{ {} is mapping }}{{ 1 is number }}{{ none is none }}{{ 1.0 is float }}{{ true is boolean }}{{ "a" in "abc" }}{{ 1 in [1] }}{{ 1 not in [1] }}{{ "a" is not none }}',
    "TrueTrueTrueTrueTrueTrueTrueTrueTrueTrueTrueFalseTrue",
  ],
  [
    '{{ items is sequence }}{{ "x" is sequence }}{{ range is callable }}{{ x is undefined }}{{ 1 is true }}{{ true is true }}{{ "A" is upper }}{{ 5 is gt 3 }}{{ 3 is in [3] }}',
    "TrueTrueTrueTrueFalseTrueTrueTrueTrue",
  ],
  ["{{ range(5) | list }}{{ range(1, 10, 3) | list }}{{ range(3, 0, -1) | list }}", "[0, 1, 2, 3, 4][1, 4, 7][3, 2, 1]"],
  ['{{ dict(a=1, b=2) }}{{ dict([("x", 1)]) }}', "{'a': 1, 'b': 2}{'x': 1}"],
  ['{% set j = joiner(",") %}{% for i in items %}{{ j() }}{{ i }}{% endfor %}', "3,1,2"],
  ['{% set c = cycler("a", "b") %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}', "abab"],
  ['{{ {"a": 1, "b": {"c": [1, "x", none, true, 1.5]}} }}', "{'a': 1, 'b': {'c': [1, 'x', None, True, 1.5]}}"],
  ['{{ (1,) }}{{ () }}{{ (1, "a") }}{{ "it\'s" }}{{ ["it\'s", \'q"q\', "n\\nl"] }}', "(1,)()(1, 'a')it's[\"it's\", 'q\"q', 'n\\nl']"],
  ['{{ [1, 2,] }}{{ {"a": 1,} }}', "[1, 2]{'a': 1}"],
  ['{{ 1 if false }}|{{ "a" if flag else "b" }}|{{ "a" if not flag else "b" if price > 20 else "c" }}', "|a|c"],
  [
    "{{ -items[0] }}|{{ - 3 | abs }}|{{ (-3) | abs }}|{{ 2 * 3 + 4 }}|{{ 2 + 3 * 4 }}|{{ (2 + 3) * 4 }}|{{ 2 ** 3 ** 2 }}",
    "-3|3|3|10|14|20|64",
  ],
  ['{{ "a" | indent }}|{{ "a\\nb\\n\\nc" | indent(2) }}|{{ "a\\nb" | indent(2, true) }}', "a|a\n  b\n\n  c|  a\n  b"],
  [
    "{{ [1, 2, 3, 4, 5] | batch(2) | list }}|{{ [1, 2, 3, 4, 5] | slice(2) | list }}|{{ [1,2,3] | batch(2, 0) | list }}",
    "[[1, 2], [3, 4], [5]]|[[1, 2, 3], [4, 5]]|[[1, 2], [3, 0]]",
  ],
  [
    '{{ "hello world" | title }}|{{ "HELLO" | capitalize }}|{{ " x " | trim }}|{{ "a b c" | wordcount }}|{{ "<a>" | escape }}',
    "Hello World|Hello|x|3|&lt;a&gt;",
  ],
  ['{{ "aaa bbb ccc" | truncate(7) }}|{{ "aaa bbb ccc ddd" | truncate(9, true) }}', "aaa bbb ccc|aaa bb..."],
  [
    '{{ 1 == 1.0 }}{{ 1 == true }}{{ "1" == 1 }}{{ [1] == [1.0] }}{{ {"a": 1} == {"a": 1} }}{{ (1,) == [1] }}',
    "TrueTrueFalseTrueTrueFalse",
  ],
  ['{{ {1: "int", "1": "str"}[1] }}{{ {1: "a"}[1.0] }}{{ {(1, 2): "t"}[(1, 2)] }}', "intat"],
  [
    "{{ 10000000000000000.0 }}|{{ 1e-5 }}|{{ 0.1 + 0.2 }}|{{ 1e3 }}|{{ 1_000 }}|{{ 0x1f }}",
    "1e+16|1e-05|0.30000000000000004|1000.0|1000|31",
  ],
  ['{% for x in items -%} {{ x }} {%- endfor %}|{% for x in "abc" %}{{ x }}.{% endfor %}', "312|a.b.c."],
  ["{% if a is defined and a %}y{% elif nothing is none %}none{% else %}n{% endif %}", "none"],
  [
    '{{ user.keys() | list }}{{ user.values() | list | length }}{{ user | length }}{{ "name" in user }}{{ user | list }}',
    "['name', 'age', 'tags']33True['name', 'age', 'tags']",
  ],
  [
    '{%- set cols = ["a", "b"] -%} select {% for c in cols %}{{ c }}{% if not loop.last %}, {% endif %}{% endfor %} from t',
    "select a, b from t",
  ],
  [
    '{{ rows | map(attribute="zz", default="-") | join }}|{{ [[1, 2], [3]] | map("length") | list }}|{{ [[1, 2], [3]] | sum(start=[]) }}',
    "---|[2, 1]|[1, 2, 3]",
  ],
  ['{{ "a" ~ 1 + 2 ~ "b" }}|{{ "%02d" | format(5) }}|{{ "a" < "b" }}|{{ [1, 2] < [1, 3] }}', "a12b|05|True|True"],
  ['{{ "abc"[1] }}{{ "a\\tb\\u00e9" }}{{ \'single \\\'quoted\\\'\' }}{{ "line\\\\n" }}', "ba\tbésingle 'quoted'line\\n"],
  [
    '{{ items.count(1) }}|{{ "x".join(names) }}|{{ names | map("lower") | sort | join }}|{{ "a.b" | replace(".", "-") }}',
    "1|bxaxC|abc|a-b",
  ],
  [
    '{{ text | list | length }}|{{ "abc" | reverse }}|{{ "ABC" | lower }}|{{ price | int }}|{{ "%.1f" | format(price) }}',
    "11|cba|abc|12|12.5",
  ],
];

const render = (source: string, globals: Record<string, unknown> = structuredClone(context)): Promise<string> =>
  renderTemplate(parseTemplate(source, "models/a.sql"), globalsOf(globals));

describe("Jinja2 snippets", () => {
  it.each(snippets)("%s", async (template, text) => {
    expect(await render(template)).toBe(text);
  });
});

describe("errors", () => {
  const messages: [template: string, message: string, line: number][] = [
    ["select 1\n{{ a b }}", 'expected a output-end and found "b"', 2],
    ["{% if x %}\n1", "this if is not closed: {% endif %} is missing", 1],
    ["\n\n{{ 'abc }}", "this text is not closed: the quote mark is missing", 3],
    ["{{ f(1 }}", 'expected ")" and found "}"', 1],
    ["{# never", "this comment is not closed", 1],
    ["{% frobnicate %}", 'there is no statement "frobnicate"', 1],
    ["a\n{{ missing() }}", "'missing' is undefined: there is no macro or function of that name", 2],
    ["{{ missing.attribute }}", "'missing' is undefined", 1],
    ["{{ 1 + 'a' }}", "unsupported operand type(s) for +: 'int' and 'str'", 1],
    ["{{ 'a' + 1 }}", 'can only concatenate str (not "int") to str', 1],
    ["{{ [1] < 2 }}", "'<' not supported between instances of 'list' and 'int'", 1],
    ["{{ 1 / 0 }}", "division by zero", 1],
    ["{% set a, b = [1] %}", "not enough values to unpack (expected 2, got 1)", 1],
    ["{{ x | nofilter }}", "No filter named 'nofilter'.", 1],
    ["{% for i in 5 %}{% endfor %}", "'int' object is not iterable", 1],
    ["{% set text.a = 1 %}", "cannot assign attribute on non-namespace object", 1],
  ];
  it.each(messages)("%j", async (template, message, line) => {
    const failure = Promise.resolve().then(() => render(template));
    await expect(failure).rejects.toMatchObject({ name: "TemplateError", file: "models/a.sql", line });
    await expect(failure).rejects.toThrow(message);
  });

  it("shows the lines around, and the macros it went through", async () => {
    const failure = render("{% macro inner() %}\n{{ 1 / 0 }}\n{% endmacro %}\nselect {{ inner() }}");
    await expect(failure).rejects.toThrow(
      [
        "division by zero",
        "  at models/a.sql:2",
        "    1 | {% macro inner() %}",
        "  > 2 | {{ 1 / 0 }}",
        "    3 | {% endmacro %}",
        "    4 | select {{ inner() }}",
        "  called from models/a.sql:4",
      ].join("\n"),
    );
  });
});

describe("asynchronous functions", () => {
  it("waits for them anywhere in an expression", async () => {
    const slow = async (args: unknown[]): Promise<unknown> => args[0];
    expect(await render("{% for i in slow([1, 2]) if slow(i) > 1 %}{{ slow(i) + slow(1) }}{% endfor %}", { slow })).toBe("3");
  });
});

describe("properties", () => {
  // The same cases every time.
  configureGlobal({ seed: 20261122 });

  it("leaves text without tags as it is, but for one newline at its end", async () => {
    await assert(
      asyncProperty(
        string({ unit: "grapheme" }).filter((text) => !/\{[{%#]|\r/.test(text)),
        async (text) => {
          expect(await render(text)).toBe(text.replace(/\n$/, ""));
        },
      ),
    );
  });

  it("slices as the definition of Python's slices says", async () => {
    const bound = option(integer({ min: -8, max: 8 }), { nil: null });
    const step = option(
      integer({ min: -3, max: 3 }).filter((value) => value !== 0),
      { nil: null },
    );
    await assert(
      asyncProperty(array(nat(9), { maxLength: 6 }), bound, bound, step, async (list, from, to, by) => {
        const source = `{{ list[${from ?? ""}:${to ?? ""}:${by ?? ""}] }}`;
        expect(await render(source, { list })).toBe(`[${pythonSlice(list, from, to, by ?? 1).join(", ")}]`);
      }),
    );
  });

  it("prints a JSON value so that JSON reads the same value", async () => {
    await assert(
      asyncProperty(
        jsonValue({ maxDepth: 3, noUnicodeString: false }).filter((value) => !JSON.stringify(value).includes("__proto__")),
        async (value) => {
          const expected: unknown = JSON.parse(JSON.stringify(value).replace(/-0(?![.\d])/g, "0"));
          expect(JSON.parse((await render("{{ value | tojson }}", { value })).replace(/-0(?![.\d])/g, "0"))).toEqual(expected);
        },
      ),
    );
  });
});

/** The words of Python's reference: items with index i, i + k, i + 2k, … up to j, bounds clamped. */
function pythonSlice(list: number[], from: number | null, to: number | null, step: number): number[] {
  const all = list.map((_, index) => index);
  const absolute = (value: number): number => (value < 0 ? value + list.length : value);
  const order = step > 0 ? all : all.toReversed();
  const inside = order.filter((index) =>
    step > 0
      ? index >= (from === null ? 0 : absolute(from)) && index < (to === null ? list.length : absolute(to))
      : index <= (from === null ? list.length : absolute(from)) && index > (to === null ? -1 : Math.max(-1, absolute(to))),
  );
  return inside.filter((_, index) => index % Math.abs(step) === 0).map((index) => list[index] ?? 0);
}
