import type { DemoCalendar } from "./calendar.ts";
import { allProvinces, personName } from "./names.ts";
import { planted } from "./planted.ts";
import type { Random } from "./random.ts";

export interface Department {
  code: string;
  name: string;
  parent: string | null;
  /** Share of the customers and sales slots at the base size; departments without are not selling. */
  customers: number;
  slots: number;
  provinces: readonly string[];
}

const eastCoast = ["江苏省", "浙江省", "安徽省"];
export const departments: readonly Department[] = [
  { code: "D01", name: "公司总部", parent: null, customers: 0, slots: 0, provinces: [] },
  { code: "D02", name: "销售中心", parent: "D01", customers: 0, slots: 0, provinces: [] },
  { code: "D03", name: "华东大区", parent: "D02", customers: 0, slots: 0, provinces: [] },
  { code: "D04", name: "上海办事处", parent: "D03", customers: 0.19, slots: 7, provinces: ["上海市"] },
  { code: "D05", name: "江浙办事处", parent: "D03", customers: 0.18, slots: 7, provinces: eastCoast },
  { code: "D06", name: "华南大区", parent: "D02", customers: 0.18, slots: 7, provinces: ["广东省", "福建省", "湖南省"] },
  {
    code: "D07",
    name: "华北大区",
    parent: "D02",
    customers: 0.15,
    slots: 6,
    provinces: ["北京市", "天津市", "河北省", "山东省", "辽宁省"],
  },
  {
    code: "D08",
    name: "西部大区",
    parent: "D02",
    customers: 0.12,
    slots: 5,
    provinces: ["四川省", "重庆市", "陕西省", "湖北省", "河南省"],
  },
  { code: "D09", name: "行业事业部", parent: "D01", customers: 0, slots: 0, provinces: [] },
  { code: "D10", name: "新能源产品线", parent: "D09", customers: 0.09, slots: 3, provinces: allProvinces },
  { code: "D11", name: "自动化产品线", parent: "D09", customers: 0.09, slots: 3, provinces: allProvinces },
  { code: "D12", name: "市场与运营部", parent: "D01", customers: 0, slots: 0, provinces: [] },
];

export interface Employee {
  /** The external id, `E101`. */
  code: string;
  name: string;
  position: string;
  department: string;
  manager: string | null;
  isSalesperson: boolean;
  hiredAt: number;
  leftAt: number | null;
  /** Departments before the present one, oldest first, with the time of the move away. */
  moves: { from: string; to: string; at: number }[];
}

/** A book of customers, in which department it was made, where it went, and who has held it since when. Its documents are credited to department and holder of the time. */
export interface Slot {
  department: string;
  moved: { at: number; to: string } | null;
  holders: { from: number; employee: Employee }[];
}

export const departmentAt = (slot: Slot, at: number): string => (slot.moved && slot.moved.at <= at ? slot.moved.to : slot.department);

export const holderAt = (slot: Slot, at: number): Employee => slot.holders.findLast((holder) => holder.from <= at)!.employee;

/** Times in (after, until] at which the book passed to another person. */
export const handovers = (slot: Slot, after: number): { from: number; employee: Employee }[] =>
  slot.holders.filter((holder) => holder.from > after);

export interface Organisation {
  employees: Employee[];
  /** Slots by department code. */
  slots: ReadonlyMap<string, Slot[]>;
}

const year = 365 * 24 * 3_600_000;
const week = 7 * 24 * 3_600_000;

/** Heads of departments and staff: code, name, position, department, manager. The names are fixed, the demo accounts carry them. */
const staff: readonly (readonly [string, string | null, string, string, string | null])[] = [
  ["E001", "陈致远", "总经理", "D01", null],
  ["E002", null, "销售总监", "D02", "E001"],
  ["E003", "林晓东", "大区经理", "D03", "E002"],
  ["E004", null, "办事处主任", "D04", "E003"],
  ["E005", null, "办事处主任", "D05", "E003"],
  ["E006", null, "大区经理", "D06", "E002"],
  ["E007", null, "大区经理", "D07", "E002"],
  ["E008", null, "大区经理", "D08", "E002"],
  ["E009", null, "事业部总经理", "D09", "E001"],
  ["E010", null, "产品线经理", "D10", "E009"],
  ["E011", null, "产品线经理", "D11", "E009"],
  ["E012", null, "运营总监", "D12", "E001"],
  ["E013", "周文静", "数据分析师", "D12", "E012"],
  ["E014", null, "市场专员", "D12", "E012"],
  ["E015", null, "财务专员", "D12", "E012"],
];

/** Leavers and movers: [department, slot, share of the years at which the book changes hands, department and slot of the mover who takes it]. */
const changes: readonly (readonly [string, number, number, (readonly [string, number])?])[] = [
  ["D05", 2, 0.3],
  ["D06", 4, 0.55],
  ["D11", 2, 0.6, ["D07", 0]],
  ["D10", 2, 0.66, ["D06", 1]],
  ["D07", 5, 0.8],
  ["D08", 3, 0.9],
];

/**
 * The company's people: 60 at the base size (`scale` 1; slots grow with it), of whom six left, two moved and two were moved with their books.
 * E101 (上海办事处) is the rep of the demo account; E016 (西部大区) has been there for a year without a customer.
 */
export function organisation(random: Random, calendar: DemoCalendar, scale: number): Organisation {
  const employees: Employee[] = [];
  const names = new Set(staff.map(([, name]) => name));
  const newName = (): string => {
    for (let attempt = 0; attempt < 20; attempt++) {
      const name = personName(random);
      if (!names.has(name)) {
        names.add(name);
        return name;
      }
    }
    return personName(random);
  };
  const hire = (code: string, name: string, position: string, department: string, manager: string | null, hiredAt: number): Employee => {
    const isSalesperson = position === "销售工程师" || position === "高级销售工程师";
    const employee: Employee = { code, name, position, department, manager, isSalesperson, hiredAt, leftAt: null, moves: [] };
    employees.push(employee);
    return employee;
  };
  const before = (): number => calendar.start - year - Math.floor(random.next() * 6 * year);
  const headOf = (department: string): string => staff.find(([, , , own]) => own === department)![0];
  for (const [code, name, position, department, manager] of staff) hire(code, name ?? newName(), position, department, manager, before());
  hire("E016", newName(), "销售工程师", "D08", headOf("D08"), calendar.until - year);

  let number = 101;
  const newRep = (department: string, hiredAt: number): Employee => {
    const code = `E${number++}`;
    const name = code === "E101" ? "王思敏" : newName();
    return hire(code, name, random.chance(0.3) ? "高级销售工程师" : "销售工程师", department, headOf(department), hiredAt);
  };
  const slots = new Map<string, Slot[]>();
  for (const { code, slots: count } of departments.filter((department) => department.slots > 0)) {
    const made = Array.from({ length: Math.round(count * scale) }, (): Slot => {
      return { department: code, moved: null, holders: [{ from: -Infinity, employee: newRep(code, before()) }] };
    });
    slots.set(code, made);
  }
  for (const [department, index, share, mover] of changes) {
    const about = calendar.start + share * (calendar.until - calendar.start);
    const at = calendar.sample(random, about, Math.min(calendar.until, about + 2 * week));
    const slot = slots.get(department)![index]!;
    const leaver = slot.holders.at(-1)!.employee;
    const newcomer = newRep(mover ? mover[0] : department, at - 2 * week);
    leaver.leftAt = at;
    if (mover) {
      const former = slots.get(mover[0])![mover[1]]!;
      const moving = former.holders.at(-1)!.employee;
      moving.moves.push({ from: mover[0], to: department, at });
      moving.department = department;
      moving.manager = headOf(department);
      slot.holders.push({ from: at, employee: moving });
      former.holders.push({ from: at, employee: newcomer });
    } else {
      slot.holders.push({ from: at, employee: newcomer });
    }
  }
  reorganise();
  return { employees, slots };

  /** Some books change the department with whoever holds them: no customer gets another owner by it. */
  function reorganise(): void {
    const { from, to, books } = planted.reorganisation;
    const about = calendar.start + 0.45 * (calendar.until - calendar.start);
    const at = calendar.sample(random, about, about + week);
    for (const slot of slots.get(from)!.slice(2, 2 + books)) {
      slot.moved = { at, to };
      const { employee } = slot.holders.at(-1)!;
      employee.moves.push({ from, to, at });
      employee.department = to;
      employee.manager = headOf(to);
    }
  }
}
