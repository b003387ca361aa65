/**
 * Facts the demo company always contains, whatever the seed (from 100 customers up), so that people and tests can look for them.
 * `demo.test.ts` finds each of them again by SQL.
 */
export const planted = {
  /** Largest by order amount of all customers; its book belongs to the rep of the demo account. */
  topCustomer: { index: 0, externalId: "C000001", name: "远航汽车零部件集团有限公司" },
  /** A level-A customer with many orders, none in the last 400 days; status lost. */
  lostCustomer: { index: 1, externalId: "C000002", name: "南方精密电子股份有限公司" },
  /** Its newest order was approved, and a payment of it received, within the last hour. */
  freshOrderCustomer: 2,
  /** An opportunity of it was won within the last hour. */
  freshOpportunityCustomer: 3,
  /** A department whose order amount of the last 365 days is at least twice that of the 365 days before (from 2,000 customers up). */
  doubledDepartment: "D10",
  /** A salesperson, a year in the company, without customer, opportunity or order, but with targets. */
  repWithoutDeal: "E016",
  /** A product that comes back more often than any other among those sold often. */
  returnedProduct: "P0001",
  /** Pays every instalment of every order a month late or later. */
  latePayer: { index: 4, externalId: "C000005" },
  /** Lost, and ordering again after more than a year (from 3 years up). */
  wonBackCustomer: { index: 14, externalId: "C000015" },
  /** An opportunity of it is open, stands in negotiation, and was put off each time its expected day came. */
  slippingCustomer: { index: 15, externalId: "C000016" },
  /** Books of 华北大区 that went to 江浙办事处, with their people, on one day; what was sold before stays with the former department. */
  reorganisation: { from: "D07", to: "D05", books: 2 },
  /** The top customer's contract runs out this many days after `until` (its last day is the one before), and nothing renews it yet. */
  expiringContractDays: 40,
  /** Records that break a rule, per 100 customers: no order and no opportunity has two faults. */
  faults: {
    /** Approved, without a line. */
    ordersWithoutLines: 1,
    /** In a currency without any exchange rate, and without a rate of its own. */
    ordersWithoutRate: 1,
    /** Closed a month before it was created. */
    opportunitiesClosedBeforeCreated: 1,
    /** Won or lost, nobody knows when. */
    opportunitiesClosedWithoutTime: 1,
  },
} as const;

/** Index of the customers with the facts above that need the largest share of the orders, largest first. */
export const largestCustomers: readonly number[] = [
  planted.topCustomer.index,
  planted.lostCustomer.index,
  planted.freshOrderCustomer,
  planted.latePayer.index,
  planted.wonBackCustomer.index,
];

/** Customers with a fact of their own: none of the faults is theirs. */
export const plantedCustomers: readonly number[] = [...largestCustomers, planted.freshOpportunityCustomer, planted.slippingCustomer.index];
