/** A square picture in modules: the path holds the dark ones. */
export interface QrPicture {
  size: number;
  path: string;
}

/** What a step of setting up the second factor answers. `setup`: what the app needs, and the recovery codes, shown once. */
export interface SecondFactorResult {
  message?: string;
  done?: string;
  setup?: { address: string; key: string; picture: QrPicture; codes: string[] };
}
