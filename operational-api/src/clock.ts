/** The business "now". Given to whatever needs it, never read from the machine by the code that decides. */
export type Clock = () => Date;

/** Always the instant of KEHU_CLOCK when it is set; the machine's time otherwise. */
export const clockFrom = (config: { clock: Date | null }): Clock => {
  const fixed = config.clock?.getTime();
  return fixed === undefined ? () => new Date() : () => new Date(fixed);
};
