/** The last four bytes of every id the demo company gives ("demo" in ASCII): how `removeDemoCompany` knows its own rows. */
export const demoMark = "64656d6f";

/** UUIDv7 whose time is the record's business time and whose random part is a counter and `demoMark`: unique and the same on every run. */
export function idSequence(): (at: number) => string {
  let counter = 0;
  return (at) => {
    const low = counter % 0x10000000;
    const high = Math.floor(counter / 0x10000000);
    counter++;
    // A moment drawn between two others may fall within a millisecond.
    const time = Math.floor(at).toString(16).padStart(12, "0");
    const tail = low.toString(16).padStart(7, "0");
    return `${time.slice(0, 8)}-${time.slice(8)}-7${high.toString(16).padStart(3, "0")}-8${tail.slice(0, 3)}-${tail.slice(3)}${demoMark}`;
  };
}
