import { expect, it } from "vitest";
import { globalsOf, parseTemplate, renderTemplate, type Callable } from "./index.ts";
import { snippetContext } from "./snippet-context.ts";

const render = (template: string, more: Record<string, unknown> = {}): Promise<string> =>
  renderTemplate(parseTemplate(template, "t.sql"), globalsOf({ ...structuredClone(snippetContext), ...more }));

/** What is HTML and what becomes it. Template and text, as Jinja2 3.1.6 with MarkupSafe 3.0.3 renders it. */
const snippets: [template: string, text: string][] = [
  [
    "{% autoescape true %}{{ '<b>' }}{{ '<b>' | safe }}{{ '<' ~ '>' }}{{ 1 }}{{ none }}{{ ['<'] }}{% endautoescape %}{{ '<b>' }}",
    "&lt;b&gt;<b>&lt;&gt;1None[&#39;&lt;&#39;]<b>",
  ],
  ["{% autoescape true %}{% macro m(x) %}<i>{{ x }}</i>{% endmacro %}{{ m('<') }}{% endautoescape %}", "<i>&lt;</i>"],
  ["{% autoescape true %}{% set x %}<i>{{ '<' }}{% endset %}{{ x }}{% endautoescape %}", "<i>&lt;"],
  ["{% autoescape false %}{{ '<b>' }}{% endautoescape %}", "<b>"],
  [
    "{% autoescape true %}{{ '<b>' | upper }}{{ ('<b>' | safe) | upper }}{{ ('<b>' | safe) + '<' }}{{ '<' + ('<b>' | safe) }}{% endautoescape %}",
    "&lt;B&gt;<B><b>&lt;&lt;<b>",
  ],
  ["{% autoescape true %}{% for x in ['<', 'a'|safe] %}{{ x }}{{ x is escaped }}{% endfor %}{% endautoescape %}", "&lt;FalseaTrue"],
  [
    "{% autoescape true %}{{ ['<', '<b>'|safe] | join('&') }}|{{ '<a>' | replace('<', '>') }}|{{ ('<a>'|safe) | replace('<', '>') }}{% endautoescape %}",
    "&lt;&amp;<b>|&gt;a&gt;|&gt;a>",
  ],
  ["{% autoescape true %}{% filter upper %}<b>{{ '<' }}{% endfilter %}{% endautoescape %}", "<B>&LT;"],
  ["{{ ('<' | e) is escaped }}{{ '<' is escaped }}{{ ('a'|safe) is escaped }}{{ 1 is escaped }}", "TrueFalseTrueFalse"],
  [
    "{{ '<b>' | e | e }} {{ ('<b>' | e) + '<i>' }} {{ '<' + ('<'|e) }} {{ ('<'|e) * 2 }} {{ ('%s'|e) % '<' }}",
    "&lt;b&gt; &lt;b&gt;&lt;i&gt; &lt;&lt; &lt;&lt; &lt;",
  ],
  [
    "{{ ('<b>' | e).upper() }}{{ ('<'|e) == '&lt;' }}{{ ('<'|e)|length }}{{ ('<'|e) is string }}{{ ('a'|e) in ['a'] }}{{ {'a': 1}[('a'|e)] }}{{ ('<x'|e)[0] }}",
    "&LT;B&GT;True4TrueTrue1&",
  ],
  [
    "{{ ('a'|e) ~ '<' }}{{ [('a'|e)] }}{{ ('a'|safe)|upper|lower is escaped }}{{ ('a<'|e).split('&') }}",
    "a<[Markup('a')]True[Markup('a'), Markup('lt;')]",
  ],
  ["{{ ({'a': '<'} | tojson) + '<' }}{{ ({'a': '<'} | tojson) is escaped }}", '{"a": "\\u003c"}&lt;True'],
  [
    "{{ ('a'|safe) is escaped }}{{ (('a'|safe)|string) is escaped }}{{ (('a'|safe)|trim) is escaped }}{{ (('a'|safe)|default('x')) is escaped }}{{ (('a'|e)|forceescape) is escaped }}{{ ('<p>a</p>'|safe|striptags) }}{{ ('a'|safe|striptags) is escaped }}",
    "TrueTrueTrueTrueTrueaFalse",
  ],
  ["{{ 'go to www.example.com now' | urlize }}", 'go to <a href="https://www.example.com" rel="noopener">www.example.com</a> now'],
  [
    "{{ 'see https://example.com/a?b=1&c=2, ok.' | urlize }}",
    'see <a href="https://example.com/a?b=1&amp;c=2" rel="noopener">https://example.com/a?b=1&amp;c=2</a>, ok.',
  ],
  [
    "{{ 'mail me@example.com (or mailto:you@example.org)' | urlize }}",
    'mail <a href="mailto:me@example.com">me@example.com</a> (or <a href="mailto:you@example.org">you@example.org</a>)',
  ],
  [
    "{{ 'https://example.com/very/long/path/indeed' | urlize(20) }}",
    '<a href="https://example.com/very/long/path/indeed" rel="noopener">https://example.com/...</a>',
  ],
  [
    "{{ 'https://example.com/very/long/path/indeed' | urlize(20, true) }}",
    '<a href="https://example.com/very/long/path/indeed" rel="nofollow noopener">https://example.com/...</a>',
  ],
  [
    "{{ 'https://example.com' | urlize(target='_blank', rel='me') }}",
    '<a href="https://example.com" rel="me noopener" target="_blank">https://example.com</a>',
  ],
  [
    "{{ 'ftp://example.com tel:+123 x' | urlize(extra_schemes=['tel:', 'ftp:']) }}",
    '<a href="ftp://example.com" rel="noopener">ftp://example.com</a> <a href="tel:+123" rel="noopener">tel:+123</a> x',
  ],
  [
    "{{ '<b> example.com example.net foo.org a.de' | urlize }}",
    '&lt;b&gt; <a href="https://example.com" rel="noopener">example.com</a> <a href="https://example.net" rel="noopener">example.net</a> <a href="https://foo.org" rel="noopener">foo.org</a> a.de',
  ],
  [
    "{{ '(https://example.com/a_(b))' | urlize }} {{ '\"https://example.com\"' | urlize }} {{ '&lt;https://example.com&gt;' | urlize }}",
    '(<a href="https://example.com/a_(b)" rel="noopener">https://example.com/a_(b)</a>) &#34;https://example.com&#34; &amp;lt;https://example.com&amp;gt;',
  ],
  [
    "{{ 'x\\ny  https://e.com\\n' | urlize }} {{ 'nothing here.' | urlize }} {{ '' | urlize }}|",
    'x\ny  <a href="https://e.com" rel="noopener">https://e.com</a>\n nothing here. |',
  ],
  [
    "{{ 'https://user:pw@example.com:80/x' | urlize }} {{ 'www.x.y' | urlize }} {{ 'http://localhost' | urlize }} {{ 'HTTPS://EXAMPLE.COM' | urlize }}",
    'https://user:pw@example.com:80/x www.x.y <a href="http://localhost" rel="noopener">http://localhost</a> <a href="https://HTTPS://EXAMPLE.COM" rel="noopener">HTTPS://EXAMPLE.COM</a>',
  ],
  [
    "{{ 'https://example.com!!! https://example.com... (www.example.com).' | urlize }}",
    'https://example.com!!! <a href="https://example.com" rel="noopener">https://example.com</a>... (<a href="https://www.example.com" rel="noopener">www.example.com</a>).',
  ],
  [
    "{{ 'a@b.c x@y a.b@c.de.' | urlize }} {{ 'mailto:a@b.com' | urlize }}",
    '<a href="mailto:a@b.c">a@b.c</a> x@y <a href="mailto:a.b@c.de">a.b@c.de</a>. <a href="mailto:a@b.com">a@b.com</a>',
  ],
];

it.each(snippets)("%j renders %j", async (template, text) => {
  expect(await render(template)).toBe(text);
});

it("hands functions of the host a str", async () => {
  const kind: Callable = (args, kwargs) => `${typeof args[0]} ${typeof kwargs.get("x")}`;
  expect(await render("{{ kind('a' | safe, x=[1] | tojson) }}", { kind })).toBe("string string");
});

it("picks by chance, and fills pages", async () => {
  expect(await render("{{ [7] | random }}{{ 'aaa' | random }}{{ [] | random }}{{ items | random in items }}")).toBe("7aTrue");
  expect(await render("{{ lipsum(n=0) }}|{{ lipsum(n=3).count('<p>') }}|{{ lipsum() is escaped }}")).toBe("|3|True");
  const [words, paragraphs] = (
    await render("{{ lipsum(n=1, html=false, min=5, max=6) | wordcount }} {{ lipsum(2, false).split('\n\n') | length }}")
  ).split(" ");
  expect([words, paragraphs]).toEqual(["5", "2"]);
});

it("refuses a scheme that is none", async () => {
  await expect(render("{{ 'x' | urlize(extra_schemes=['tel']) }}")).rejects.toThrow("'tel' is not a valid URI scheme prefix.");
});
