import { describe, expect, it } from "vitest";
import { PySet, globalsOf, parseTemplate, pythonModules, renderTemplate, type Callable } from "./index.ts";

const set: Callable = (args) => new PySet(Array.isArray(args[0]) ? args[0] : []);
const modules = pythonModules(() => new Date("2026-11-22T09:08:07.654Z"));
const render = (source: string): Promise<string> =>
  renderTemplate(parseTemplate(source, "models/a.sql"), globalsOf({ set, modules, dt: modules.get("datetime"), re: modules.get("re") }));

/** Template and text, as CPython 3.12 prints the same expressions. */
const snippets: [template: string, text: string][] = [
  ["{{ dt.datetime.now() }}", "2026-11-22 09:08:07.654000"],
  ["{{ dt.datetime.now().strftime('%Y-%m-%d %H:%M:%S %j %a %b %-d %% %V') }}", "2026-11-22 09:08:07 326 Sun Nov 22 % 47"],
  ["{{ dt.date.today() }} {{ dt.date(2024, 2, 28) + dt.timedelta(days=2) }}", "2026-11-22 2024-03-01"],
  ["{{ (dt.date(2024, 3, 1) - dt.date(2024, 2, 1)).days }}", "29"],
  ["{{ dt.datetime.strptime('05/Mar/24 7PM', '%d/%b/%y %I%p').isoformat() }}", "2024-03-05T19:00:00"],
  ["{{ dt.datetime(2024, 1, 31, 23, 30).replace(day=1).weekday() }}", "0"],
  ["{{ dt.datetime(2024, 1, 1) < dt.datetime(2024, 1, 2) }} {{ dt.date(2024, 1, 1) == dt.date(2024, 1, 1) }}", "True True"],
  [
    "{{ dt.datetime.fromisoformat('2024-01-01T00:00:00+00:00').astimezone(modules.pytz.timezone('Asia/Shanghai')) }}",
    "2024-01-01 08:00:00+08:00",
  ],
  ["{{ modules.pytz.timezone('America/New_York').localize(dt.datetime(2024, 7, 4)).isoformat() }}", "2024-07-04T00:00:00-04:00"],
  ["{{ dt.timedelta(hours=36) }}|{{ dt.timedelta(days=1).total_seconds() }}", "1 day, 12:00:00|86400.0"],
  ["{{ re.sub('[^a-z]+', '_', 'a1b22c') }}|{{ re.sub('(a)(b)', '\\\\2\\\\1', 'abab', 1) }}", "a_b_c|baab"],
  ["{{ re.match('(?P<y>\\\\d{4})-(\\\\d\\\\d)', '2024-05-06').group('y') }}|{{ re.match('b', 'ab') }}", "2024|None"],
  ["{{ re.findall('\\\\d+', 'a1b22') }}|{{ re.findall('(\\\\w)=(\\\\w)', 'a=b c=d') }}", "['1', '22']|[('a', 'b'), ('c', 'd')]"],
  ["{{ re.split(',\\\\s*', 'a, b,c') }}|{{ re.search('b', 'ABC', re.IGNORECASE).start() }}", "['a', 'b', 'c']|1"],
  ["{{ re.compile('^x').match('xy') is not none }}|{{ re.fullmatch('a+', 'aab') }}", "True|None"],
  ["{{ modules.itertools.product([1, 2], 'ab') | list }}", "[(1, 'a'), (1, 'b'), (2, 'a'), (2, 'b')]"],
  ["{{ modules.itertools.combinations([1, 2, 3], 2) | list }}", "[(1, 2), (1, 3), (2, 3)]"],
  ["{{ modules.itertools.permutations([1, 2]) | list }}|{{ modules.itertools.chain([1], [2]) | list }}", "[(1, 2), (2, 1)]|[1, 2]"],
  ["{{ modules.itertools.zip_longest([1, 2], [3], fillvalue=0) | list }}", "[(1, 3), (2, 0)]"],
  ["{{ set([1, 2, 1]) | length }}|{{ set([1, 2]) == set([2, 1]) }}|{{ 2 in set([1, 2]) }}|{{ set([]) }}", "2|True|True|set()"],
  ["{{ set([1, 2]).union([3]) | list }}|{{ set([1, 2]) - set([2]) }}|{{ set([1, 2]).intersection([2, 5]) | list }}", "[1, 2, 3]|{1}|[2]"],
];

describe("Python's modules in templates", () => {
  it.each(snippets)("%s", async (template, text) => {
    expect(await render(template)).toBe(text);
  });

  it("says in Python's words what does not fit", async () => {
    await expect(render("{{ dt.datetime.strptime('x', '%Y') }}")).rejects.toThrow("time data 'x' does not match format '%Y'");
    await expect(render("{{ modules.pytz.timezone('Mars/Base') }}")).rejects.toThrow("there is no time zone 'Mars/Base'");
    await expect(render("{{ set([[1]]) }}")).rejects.toThrow("unhashable type: 'list'");
  });
});
