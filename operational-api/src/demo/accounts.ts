/** A person who may sign in to the demo. `employee` is the external id of the employee the account belongs to. */
export interface DemoAccount {
  email: string;
  name: string;
  role: "executive" | "sales_manager" | "sales_rep" | "analyst";
  employee: string;
}

/** No administrator is among them. The manager's department (华东大区) has two offices below it; the rep works in the first of them. */
export const demoAccounts: readonly DemoAccount[] = [
  { email: "executive@kehu.example", name: "陈致远", role: "executive", employee: "E001" },
  { email: "manager@kehu.example", name: "林晓东", role: "sales_manager", employee: "E003" },
  { email: "rep@kehu.example", name: "王思敏", role: "sales_rep", employee: "E101" },
  { email: "analyst@kehu.example", name: "周文静", role: "analyst", employee: "E013" },
];
