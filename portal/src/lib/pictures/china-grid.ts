/** Where a province stands on a map of equal squares: column from the west, row from the north. One square each, so that a small province with large sales is seen. */
export const chinaGrid: Readonly<Record<string, readonly [column: number, row: number]>> = {
  黑龙江: [8, 0],
  内蒙古: [6, 1],
  吉林: [8, 1],
  新疆: [0, 2],
  甘肃: [3, 2],
  宁夏: [4, 2],
  北京: [6, 2],
  辽宁: [8, 2],
  青海: [2, 3],
  陕西: [4, 3],
  山西: [5, 3],
  河北: [6, 3],
  天津: [7, 3],
  西藏: [1, 4],
  四川: [3, 4],
  河南: [5, 4],
  山东: [6, 4],
  江苏: [7, 4],
  重庆: [3, 5],
  湖北: [5, 5],
  安徽: [6, 5],
  浙江: [7, 5],
  上海: [8, 4],
  云南: [2, 6],
  贵州: [3, 6],
  湖南: [4, 6],
  江西: [5, 6],
  福建: [6, 6],
  台湾: [8, 6],
  广西: [3, 7],
  广东: [5, 7],
  香港: [6, 7],
  澳门: [5, 8],
  海南: [3, 8],
};

const suffixes = /(壮族自治区|回族自治区|维吾尔自治区|特别行政区|自治区|省|市)$/;

/** "浙江省" and "浙江" are one province; null for what is none. */
export function provinceOf(name: string): string | null {
  const short = name.trim().replace(suffixes, "");
  return short in chinaGrid ? short : null;
}
