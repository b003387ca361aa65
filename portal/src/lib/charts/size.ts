/** What a chart has room for, in CSS pixels. */
export interface Size {
  width: number;
  height: number;
}
