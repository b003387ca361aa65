import { expect, it } from "vitest";
import { globalsOf, parseTemplate, renderTemplate } from "./index.ts";
import { snippetContext } from "./snippet-context.ts";

/** Each filter, test, global function, statement and operator of Jinja2's manual: template and text, as Jinja2 3.1.6 for Python renders it. */
const snippets: [template: string, text: string][] = [
  ["{{ -5 | abs }} {{ 5.5 | abs }}", "5 5.5"],
  ["{{ rows | map(attribute='k') | unique | join('-') }}", "a-b"],
  ["{{ [1,2,3,4,5] | batch(2) | list }} {{ [1,2,3] | batch(2, 0) | list }}", "[[1, 2], [3, 4], [5]] [[1, 2], [3, 0]]"],
  ["{{ 'hello wORLD' | capitalize }} {{ 'mid' | center(9) }}|", "Hello world    mid   |"],
  ["{{ missing | default('d') }} {{ '' | default('e', true) }} {{ none | d('x', boolean=true) }}", "d e x"],
  ["{% for k, v in {'b': 2, 'a': 1, 'C': 3} | dictsort %}{{ k }}{{ v }}{% endfor %}", "a1b2C3"],
  ["{% for k, v in {'b': 2, 'a': 1, 'C': 3} | dictsort(true, 'value', reverse=true) %}{{ k }}{{ v }}{% endfor %}", "C3b2a1"],
  ["{{ '<a href=\"x\">&\\'' | e }} {{ '<' | escape }} {{ '&lt;' | e }}", "&lt;a href=&#34;x&#34;&gt;&amp;&#39; &lt; &amp;lt;"],
  ["{{ ('<b>' | e) ~ '<i>' }}", "&lt;b&gt;<i>"],
  ["{{ '<b>' | safe }} {{ ('<b>' | e) | forceescape }}", "<b> &amp;lt;b&amp;gt;"],
  [
    "{{ 1000 | filesizeformat }} {{ 1500000 | filesizeformat }} {{ 1536 | filesizeformat(true) }} {{ 1 | filesizeformat }} {{ 0 | filesizeformat }}",
    "1.0 kB 1.5 MB 1.5 KiB 1 Byte 0 Bytes",
  ],
  ["{{ items | first }} {{ items | last }} {{ 'abc' | first }} {{ empty | first }}|", "3 2 a |"],
  ["{{ '3.7' | float }} {{ 'x' | float }} {{ 'x' | float(1.5) }} {{ 7 | float }}", "3.7 0.0 1.5 7.0"],
  [
    "{{ '%s - %s' | format('a', 1) }} {{ '%05.2f|%x|%-4s|' | format(3.14159, 255, 'ab') }} {{ '%(a)s' | format(a=4) }}",
    "a - 1 03.14|ff|ab  | 4",
  ],
  ["{% for g in rows | groupby('k') %}{{ g.grouper }}:{{ g.list | map(attribute='n') | join(',') }} {% endfor %}", "a:1,3 b:2 "],
  ["{% for k, list in rows | groupby('k', default='z') %}{{ k }}{{ list | length }}{% endfor %}", "a2b1"],
  ["{% for k, l in [{'c': 'B'}, {'c': 'b'}, {'c': 'A'}] | groupby('c') %}{{ k }}{{ l | length }} {% endfor %}", "A1 B2 "],
  [
    "{% for k, l in [{'c': 'B'}, {'c': 'b'}, {'c': 'A'}] | groupby('c', case_sensitive=true) %}{{ k }}{{ l | length }} {% endfor %}",
    "A1 B1 b1 ",
  ],
  ["{{ 'a\\nb\\n\\nc' | indent(width=2, first=true, blank=true) }}", "  a\n  b\n  \n  c"],
  ["{{ 'a\\nb' | indent('> ') }}", "a\n> b"],
  [
    "{{ '42' | int }} {{ 'x' | int }} {{ 'x' | int(-1) }} {{ '0x1A' | int(0, 16) }} {{ 3.9 | int }} {{ '3.9' | int }} {{ '0b11' | int(base=2) }}",
    "42 0 -1 26 3 3 3",
  ],
  [
    "{{ [{'n': {'m': 1}}, {'n': {'m': 2}}] | map(attribute='n.m') | list }} {{ [[1,2],[3,4]] | map(attribute=1) | list }} {{ [[1,2],[3,4]] | map(attribute='0') | list }}",
    "[1, 2] [2, 4] [1, 3]",
  ],
  ["{{ {'a': 1, 'b': 2} | items | list }} {{ missing | items | list }}", "[('a', 1), ('b', 2)] []"],
  ["{{ [1,2] | join }} {{ [1,2] | join(', ') }} {{ rows | join('+', attribute='n') }}", "12 1, 2 1+2+3"],
  ["{{ 'abc' | length }} {{ {} | count }} {{ rows | length }}", "3 0 3"],
  ["{{ 'abc' | list }} {{ {'a': 1} | list }} {{ range(3) | list }}", "['a', 'b', 'c'] ['a'] [0, 1, 2]"],
  ["{{ 'ABC' | lower }} {{ 'abc' | upper }} {{ 5 | upper }}", "abc ABC 5"],
  ["{{ [1,2,3] | map('string') | list }} {{ names | map('upper') | join }} {{ ['1','2'] | map('int') | sum }}", "['1', '2', '3'] BAC 3"],
  ["{{ [{'a': 1}, {}] | map(attribute='a', default=0) | list }}", "[1, 0]"],
  [
    "{{ [3,1,2] | max }} {{ [3,1,2] | min }} {{ rows | max(attribute='n') }} {{ ['b','A'] | min }} {{ ['b','A'] | min(true) }} {{ empty | max }}|",
    "3 1 {'n': 3, 'k': 'a'} A A |",
  ],
  ["{{ {'a': [1, 'x']} | pprint }} {{ 'x' | pprint }}", "{'a': [1, 'x']} 'x'"],
  [
    "{{ [1,2,3,4] | reject('odd') | list }} {{ [1,2,3,4] | select('gt', 2) | list }} {{ [0, 1, ''] | reject | list }}",
    "[2, 4] [3, 4] [0, '']",
  ],
  [
    "{{ rows | selectattr('n', 'gt', 1) | map(attribute='n') | list }} {{ rows | rejectattr('k', 'eq', 'a') | list }} {{ [{'x': 1}, {'x': 0}] | selectattr('x') | list }}",
    "[2, 3] [{'n': 2, 'k': 'b'}] [{'x': 1}]",
  ],
  ["{{ 'aaa' | replace('a', 'b') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ 'a.b' | replace('.', '') }}", "bbb bba ab"],
  ["{{ [1,2,3] | reverse | list }} {{ 'abc' | reverse }}", "[3, 2, 1] cba"],
  [
    "{{ 42.55 | round }} {{ 42.55 | round(1) }} {{ 2.5 | round }} {{ 3.5 | round }} {{ 42.1 | round(0, 'ceil') }} {{ 1234 | round(-2) }} {{ 5 | round }} {{ 2.675 | round(2) }}",
    "43.0 42.5 2.0 4.0 43.0 1200 5 2.67",
  ],
  [
    "{{ [1,2,3,4,5,6,7] | slice(3) | list }} {{ [1,2,3,4] | slice(3, 'x') | list }}",
    "[[1, 2, 3], [4, 5], [6, 7]] [[1, 2], [3, 'x'], [4, 'x']]",
  ],
  [
    "{{ [3,1,2] | sort }} {{ ['b','A','c'] | sort }} {{ ['b','A','c'] | sort(case_sensitive=true) }} {{ [3,1,2] | sort(reverse=true) }} {{ rows | sort(attribute='k,n') | map(attribute='n') | list }}",
    "[1, 2, 3] ['A', 'b', 'c'] ['A', 'b', 'c'] [3, 2, 1] [1, 3, 2]",
  ],
  ["{{ 1 | string }}{{ [1] | string }}{{ none | string }}", "1[1]None"],
  ["{{ '<p>a <b>bold</b>\\n  word <!-- c --></p>' | striptags }}", "a bold word"],
  ["{{ [1,2,3] | sum }} {{ rows | sum(attribute='n') }} {{ [1,2] | sum(start=10) }} {{ [1.5, 2] | sum }}", "6 6 13 3.5"],
  ["{{ 'hello my-friend and (you)' | title }} {{ \"it's\" | title }}", "Hello My-Friend And (You) It's"],
  [
    "{{ {'a': [1, none, true], 'b': '<x>'} | tojson }} {{ [1, 2] | tojson(indent=2) }} {{ \"a'b\" | tojson }}",
    '{"a": [1, null, true], "b": "\\u003cx\\u003e"} [\n  1,\n  2\n] "a\\u0027b"',
  ],
  ["{{ '  x ' | trim }}|{{ 'xxaxx' | trim('x') }}", "x|a"],
  [
    "{{ 'foo bar baz qux' | truncate(9) }}|{{ 'foo bar baz qux' | truncate(9, true) }}|{{ 'foo bar baz qux' | truncate(11) }}|{{ 'foo bar baz qux' | truncate(11, false, '..', 0) }}|{{ 'foo bar baz' | truncate(5, true, '') }}",
    "foo...|foo ba...|foo bar baz qux|foo bar..|foo b",
  ],
  [
    "{{ ['a', 'B', 'b', 'A'] | unique | list }} {{ ['a', 'B', 'b'] | unique(true) | list }} {{ rows | unique(attribute='k') | map(attribute='n') | list }}",
    "['a', 'B'] ['a', 'B', 'b'] [1, 2]",
  ],
  [
    "{{ 'a b&c/d' | urlencode }} {{ {'q': 'a b', 'p': 1} | urlencode }} {{ 'é' | urlencode }} {{ [('a', 1)] | urlencode }}",
    "a%20b%26c/d q=a+b&p=1 %C3%A9 a=1",
  ],
  ["{{ 'a bc def' | wordcount }} {{ 'one two three four' | wordwrap(9) }}", "3 one two\nthree\nfour"],
  ["{{ 'a_very_long_word here' | wordwrap(6) }} {{ 'ab cd' | wordwrap(2, wrapstring='/') }}", "a_very\n_long_\nword\nhere ab/cd"],
  ["{{ {'class': 'a', 'id': none, 'x': 1} | xmlattr }}", ' class="a" x="1"'],
  [
    "{{ 1 is boolean }}{{ true is boolean }}{{ true is false }}{{ true is true }}{{ 1 is integer }}{{ true is integer }}{{ 1.0 is float }}{{ 1 is number }}{{ true is number }}",
    "FalseTrueFalseTrueTrueFalseTrueTrueTrue",
  ],
  [
    "{{ range is callable }}{{ 1 is callable }}{{ x is defined }}{{ x is undefined }}{{ none is none }}{{ 'a' is string }}{{ [] is sequence }}{{ {} is sequence }}{{ {} is mapping }}{{ 'a' is iterable }}{{ 1 is iterable }}",
    "TrueFalseFalseTrueTrueTrueTrueTrueTrueTrueFalse",
  ],
  [
    "{{ 3 is odd }}{{ 3 is even }}{{ 6 is divisibleby(3) }}{{ 'a' is lower }}{{ 'A' is upper }}{{ 'a' is eq 'a' }}{{ 1 is ne 2 }}{{ 1 is lt 2 }}{{ 2 is ge 2 }}{{ 2 is gt 1 }}{{ 1 is le 0 }}{{ 1 is equalto 1 }}{{ 1 is sameas 1 }}{{ 1 is in [1] }}{{ 2 is not in [1] }}",
    "TrueFalseTrueTrueTrueTrueTrueTrueTrueTrueFalseTrueTrueTrueTrue",
  ],
  ["{# a comment {{ x }} #}a{#- trimmed -#} b", "ab"],
  ["a  {%- if true -%}  b  {%- endif -%}  c", "abc"],
  ["  {{- 'x' -}}  y", "xy"],
  ["{% raw %}{{ not rendered }} {% if %}{% endraw %}|{%- raw -%} {{ x }} {%- endraw -%}|", "{{ not rendered }} {% if %}|{{ x }}|"],
  ["{{ '{{' }} {{ \"}}\" }} {{ '{%' }}", "{{ }} {%"],
  ["{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "123"],
  ["{% for i in range(5) if i is odd %}{{ loop.index }}{{ loop.first }}{{ loop.last }} {% endfor %}", "1TrueFalse 2FalseTrue "],
  [
    "{% for i in [1,2,3] %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.length }} {% else %}no{% endfor %}",
    "0323 1213 2103 ",
  ],
  ["{% for x in [1,1,2] %}{{ loop.changed(x) }}{% endfor %}", "TrueFalseTrue"],
  [
    "{% for i in [1,2] %}{% set outer = loop %}{% for j in [1,2] %}{{ outer.index }}{{ loop.index }} {% endfor %}{% endfor %}",
    "11 12 21 22 ",
  ],
  ["{% if 0 %}a{% elif 1 %}b{% else %}c{% endif %}", "b"],
  ["{% macro m(a, b=2) %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1) }}{{ m(1, 2, 3, x=4) }}", "12(){}12(3,){'x': 4}"],
  ["{% macro m(x, y=x) %}{{ x }}{{ y }}{% endmacro %}{{ m(5) }}{{ m(y=1, x=2) }}", "5521"],
  ["{% macro d(t) %}<{{ caller() }}{{ t }}>{% endmacro %}{% call d('a') %}in{% endcall %}", "<ina>"],
  ["{% macro d(l) %}{% for i in l %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(u) d([1,2]) %}[{{ u }}]{% endcall %}", "[1][2]"],
  ["{% macro d() %}{{ caller is defined }}{% endmacro %}{{ d() }}{% call d() %}{% endcall %}", "FalseTrue"],
  ["{% filter upper %}ab{{ 'c' }}{% endfilter %}", "ABC"],
  ["{% filter replace('a', 'b') | upper %}aac{% endfilter %}", "BBC"],
  ["{% set a, b = 1, 2 %}{{ a }}{{ b }} {% set c = (1, 2) %}{{ c }}", "12 (1, 2)"],
  ["{% set nav %}x{{ 1 }}{% endset %}{{ nav }} {% set up | upper %}abc{% endset %}{{ up }}", "x1 ABC"],
  ["{% set ns = namespace({'a': 1}, b=2) %}{% set ns.a = 5 %}{{ ns.a }}{{ ns.b }}", "52"],
  ["{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}", "12False"],
  ["{% with %}{% set q = 1 %}{{ q }}{% endwith %}{{ q is defined }}", "1False"],
  ["{% set x = 1 %}{% if true %}{% set x = 2 %}{% endif %}{{ x }}", "2"],
  ["{% set l = [1] %}{% do l.append(2) %}{{ l }} {% set _ = l.append(3) %}{{ l }}", "[1, 2] [1, 2, 3]"],
  [
    "{% set d = {'a': 1} %}{% do d.update({'b': 2}) %}{{ d }} {{ d.get('z', 0) }} {{ d.pop('a') }} {{ d }}",
    "{'a': 1, 'b': 2} 0 1 {'b': 2}",
  ],
  [
    "{{ [1, [2, (3,)]] }} {{ {'a': [1]} }} {{ (1,) }} {{ () }} {{ true }}{{ True }}{{ none }}{{ None }}",
    "[1, [2, (3,)]] {'a': [1]} (1,) () TrueTrueNoneNone",
  ],
  [
    "{{ 7 / 2 }} {{ 7 // 2 }} {{ 7 % 3 }} {{ 2 ** 3 ** 1 }} {{ -2 ** 2 }} {{ 2 * 3 + 4 }} {{ +1 }} {{ -7 / 2 }} {{ 6 / 3 }} {{ 0.1 + 0.2 }} {{ 2 ** -1 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }}",
    "3.5 3 1 8 4 10 1 -3.5 2.0 0.30000000000000004 0.5 3.0 0.5",
  ],
  [
    "{{ 1 == 1.0 }} {{ 1 != 2 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ (1, 2) == (1, 2) }} {{ {'a': 1} == {'a': 1} }} {{ 1 in [1] }} {{ 'a' in 'abc' }} {{ 'a' in {'a': 1} }} {{ 1 not in [2] }} {{ true == 1 }}",
    "True True True True True True True True True True True",
  ],
  ["{{ true and false }} {{ 1 and 2 }} {{ 0 or 'x' }} {{ not true }} {{ not (1 and 0) }} {{ (1 or 2) and 3 }}", "False 2 x False True 3"],
  ["{{ 'a' if false }}|{{ 'a' if false else 'b' if true else 'c' }}", "|b"],
  [
    "{{ 'abc'[1] }} {{ 'abc'[-1] }} {{ 'abcdef'[1:4] }} {{ [1,2,3][::-1] }} {{ [1,2,3,4][::2] }} {{ (1,2,3)[1:] }}",
    "b c bcd [3, 2, 1] [1, 3] (2, 3)",
  ],
  ["{{ user['name'] }} {{ user.tags[0] }} {{ user.nope }}| {{ items.0 }} {{ rows[0].n }}", "Wei x | 3 1"],
  [
    "{{ '{:>5}|{:<4}|{:^5}|{:05d}|{:.2f}|{:,}|{:x}|{:e}|{:%}|{!r}'.format('a', 'b', 'c', 42, 3.14159, 1234567, 255, 12345.678, 0.25, 'q') }}",
    "    a|b   |  c  |00042|3.14|1,234,567|ff|1.234568e+04|25.000000%|'q'",
  ],
  [
    "{{ [3,1].index(1) }} {{ [1,1].count(1) }} {% set l = [3,1,2] %}{% do l.sort() %}{{ l }}{% do l.insert(0, 9) %}{{ l.pop() }}{{ l }}{% do l.extend([5]) %}{% do l.remove(9) %}{% do l.reverse() %}{{ l }}{{ l.copy() }}{% do l.clear() %}{{ l }}",
    "1 2 [1, 2, 3]3[9, 1, 2][5, 2, 1][5, 2, 1][]",
  ],
  [
    "{{ {'a': 1}.keys() | list }} {{ {'a': 1}.values() | list }} {{ {'a': 1}.items() | list }} {{ {'a': 1}.copy() }} {% set d = {} %}{{ d.setdefault('k', 5) }}{{ d }}",
    "['a'] [1] [('a', 1)] {'a': 1} 5{'k': 5}",
  ],
  ["{{ dict(a=1, b=2) }} {{ dict([('a', 1)]) }} {{ dict({'x': 1}, y=2) }}", "{'a': 1, 'b': 2} {'a': 1} {'x': 1, 'y': 2}"],
  ["{% set c = cycler(1, 2) %}{{ c.next() }}{{ c.current }}{{ c.next() }}{% do c.reset() %}{{ c.next() }}", "1221"],
  ["{% set j = joiner('|') %}{{ j() }}a{{ j() }}b", "a|b"],
  ["{{ 'a' ~ 1 ~ none ~ true ~ [1] }}", "a1NoneTrue[1]"],
  ["{{ (1, 2) | join('/') }} {{ [1, 2, 3] | sum * 2 }} {{ (1 + 2) | string ~ 'x' }} {{ -1 | abs }} {{ 1 + 2 | abs }}", "1/2 12 3x 1 3"],
  ["{{ 'a' | upper | lower }} {{ not none }} {{ none is none and true }}", "a True True"],
  ["{{ \"quo\\\"te\" }} {{ 'tab\\tx' }} {{ '\\u00e9' }} {{ 'back\\\\slash' }} {{ '\\x41' }}", 'quo"te tab\tx é back\\slash A'],
  [
    "{{ ['a', 'it\\'s', \"q\\\"q\", 'both\\'\"'] }} {{ 'é\\n' | list }} {{ [1.0, 1e16, 1.5] }}",
    "['a', \"it's\", 'q\"q', 'both\\'\"'] ['é', '\\n'] [1.0, 1e+16, 1.5]",
  ],
  ["{% set x = 'global' %}{% macro m() %}{{ x }}{% endmacro %}{% set x = 'later' %}{{ m() }}", "later"],
  ["{% for i in [1,2] %}{% set ns2 = i %}{% endfor %}{{ ns2 is defined }}", "False"],
  ["{{ [1, 2, 3] | select('in', [1, 3]) | list }} {{ ['a', 'b'] | map('replace', 'a', 'z') | list }}", "[1, 3] ['z', 'b']"],
  ["{{ rows | map('items') | map('list') | first }}", "[('n', 1), ('k', 'a')]"],
  ["{% if not missing %}u{% endif %} {{ missing ~ 'x' }} {{ missing is defined }} {{ missing | length }}", "u x False 0"],
  ["{% for x in missing %}a{% else %}b{% endfor %}", "b"],
  ["{{ (1, 2, 3) | reverse | list }} {{ 'cab' | sort | join }} {{ {'b': 1, 'a': 2} | sort }}", "[3, 2, 1] abc ['a', 'b']"],
  [
    "{{ [[1, 'b'], [1, 'a']] | sort }} {{ [(2, 'x'), (1, 'y')] | map('first') | list }} {{ [1, 2] | map('float') | list }}",
    "[[1, 'a'], [1, 'b']] [2, 1] [1.0, 2.0]",
  ],
  ["{{ {'a': {'b': 1}}.a.b }} {{ {'a': 1}['a'] }} {{ {'keys': 1}.keys is callable }} {{ {1: 'x'}[1] }}", "1 1 True x"],
  [
    "{{ 'abc' * 2 }} {{ [1] * 3 }} {{ 'x' + 'y' }} {{ (1,) + (2,) }} {{ 'ab' < 'b' }} {{ 3 // 0.5 }} {{ 10 % 3.5 }} {{ true + 1 }}",
    "abcabc [1, 1, 1] xy (1, 2) True 6.0 3.0 2",
  ],
  [
    "{{ namespace(a=1).a }} {{ 3.0 }} {{ 3.10 }} {{ 1e100 }} {{ 100000000000000000.0 }} {{ 0.00001 }} {{ -0.0 }}",
    "1 3.0 3.1 1e+100 1e+17 1e-05 -0.0",
  ],
  ["{% macro outer() %}{% macro inner() %}i{% endmacro %}{{ inner() }}o{% endmacro %}{{ outer() }}", "io"],
  ["{% set f = 'upper' %}{{ ['a'] | map(f) | list }} {{ 'a' | default(none) }} {{ none | default('x') }}", "['A'] a None"],
  ["{{ 'x' is not none }} {{ 1 is not odd }} {{ not 1 is odd }} {{ 4 is divisibleby 2 and 3 is odd }}", "True False False True"],
  ["{%- for i in [1,2] -%}\n  {{ i }}\n{%- endfor %}", "12"],
  ["a\n{% if true %}\nb\n{% endif %}\nc", "a\n\nb\n\nc"],
  ["a\n  {%+ if true %}b{% endif %}\n  c\n", "a\n  b\n  c"],
  ["{% set x %}\n a\n{% endset %}[{{ x }}]", "[\n a\n]"],
  ["{{ 'a' }}\n\n{# c #}\n{{- 'b' }}\n", "a\n\nb"],
  // Statements of Jinja's own that need no loader.
  ["{% block t %}a{{ user.name }}{% endblock t %}|{{ self.t() }}", "aWei|aWei"],
  ["{% set x = 1 %}{% block t %}{{ x }}{% set y = 2 %}{{ y }}{% endblock %}{{ y }}|", "12|"],
  ["{% for i in items %}{% block t %}[{{ i }}]{% endblock %}{% endfor %}", "[][][]"],
  ["{% for i in items %}{% block t scoped %}[{{ i }}{{ loop.index }}]{% endblock %}{% endfor %}", "[31][12][23]"],
  ["{% block a %}1{% block b %}2{% endblock %}3{% endblock %}{{ self.b() }}{{ self }}", "1232<TemplateReference None>"],
  ["{% print 1 %}{% print 1, 2 %}", "112"],
  ["{% for i in items %}{% if i == 1 %}{% break %}{% endif %}{{ i }}{% endfor %}|", "3|"],
  ["{% for i in items %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% else %}none{% endfor %}|", "32|"],
  ["{% for i in items %}{% for j in items %}{% if j == 1 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}|", "33 13 23 |"],
  ["{% for i in items %}{% set x %}a{% if i == 1 %}{% break %}{% endif %}{% endset %}{{ x }}{{ i }}{% endfor %}|", "a3|"],
  ["{% for i in items %}{% with %}{% if i == 1 %}{% continue %}{% endif %}{% endwith %}{{ i }}{% endfor %}", "32"],
  ["{% for i in items %}{% filter upper %}a{% if i == 1 %}{% break %}{% endif %}{% endfilter %}{% endfor %}", "A"],
  [
    "{% macro m(a, b=1) %}{{ varargs }}{% endmacro %}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}",
    "m('a', 'b')FalseTrueFalse",
  ],
  [
    "{% macro m(a) %}{{ kwargs }}{{ caller() }}{% endmacro %}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}",
    "m('a',)TrueFalseTrue",
  ],
  ["{% macro m(a, caller=none) %}{{ caller is none }}{% endmacro %}{{ m(1) }}{% call m(1) %}y{% endcall %}", "TrueFalse"],
];

it.each(snippets)("%j renders %j", async (template, text) => {
  expect(await renderTemplate(parseTemplate(template, "t.sql"), globalsOf(structuredClone(snippetContext)))).toBe(text);
});

it.each([
  ["{% break %}", "{% break %} stands in no loop\n  at t.sql:1"],
  ["{% for i in [1] %}{% macro m() %}{% continue %}{% endmacro %}{% endfor %}", "{% continue %} stands in no loop"],
  ["{% block a %}{% endblock %}{% block a %}{% endblock %}", 'block "a" is defined twice'],
  ["{% block a loud %}{% endblock %}", 'a block is "scoped", "required" or both, and not "loud"'],
  ["{% block a required %}{% endblock %}", "Required block 'a' not found"],
  ["{% block a %}{{ super() }}{% endblock %}", "'super' is undefined"],
  [
    "\n{% extends 'x' %}",
    "{% extends %} can't be used: it needs a template loader, and dbt has none: put what is shared in a macro, and call it with {% call name() %}\n  at t.sql:2",
  ],
  ["{% include 'x' ignore missing %}", "put the text in a macro and call it: {{ name() }}"],
  ["{% import 'x' as y %}", "macros are there without, a package's as package.name()"],
  ["{% from 'x' import y %}", "macros are there without, a package's as package.name()"],
  ["{% trans %}x{% endtrans %}", "dbt does not have Jinja's translations"],
  ["{% debug %}", "{{ log(value, info=true) }} shows a value"],
  ["{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "macro 'm' takes not more than 1 argument(s)"],
  ["{% macro m(a) %}{% endmacro %}{{ m(b=2) }}", "macro 'm' takes no keyword argument 'b'"],
  ["{% macro m(a) %}{% endmacro %}{{ m(1, a=2) }}", "macro 'm' takes no keyword argument 'a'"],
  ["{% macro m() %}{% endmacro %}{% call m() %}x{% endcall %}", "macro 'm' does not call caller(), and was called by {% call %}"],
])("%j is refused, as by dbt", async (template, message) => {
  await expect((async () => renderTemplate(parseTemplate(template, "t.sql"), globalsOf({})))()).rejects.toThrow(message);
});

it("passes over the types that dbt documents macros' parameters with", async () => {
  const template = parseTemplate(
    "{% macro m(a: string, b: dict[string, list[int]] = none) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}",
    "t.sql",
  );
  expect(await renderTemplate(template, globalsOf({}))).toBe("1None");
});
