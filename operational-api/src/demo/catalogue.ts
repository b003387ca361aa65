import type { Random } from "./random.ts";

/** Level 1 -> level 2 -> level 3: median list price in yuan and unit. */
const tree: Record<string, Record<string, Record<string, readonly [number, string]>>> = {
  传动与轴承: {
    轴承: { 深沟球轴承: [85, "只"], 圆锥滚子轴承: [260, "只"], 直线轴承: [140, "只"] },
    传动件: { 同步带: [95, "条"], 联轴器: [320, "只"], 减速机: [2600, "台"] },
    直线运动: { 导轨: [780, "根"], 滚珠丝杠: [1350, "根"], 直线模组: [4800, "套"] },
  },
  气动与液压: {
    气动元件: { 气缸: [360, "只"], 电磁阀: [210, "只"], 气源处理: [290, "套"] },
    液压元件: { 液压泵: [3900, "台"], 液压阀: [1450, "只"], 液压缸: [2800, "只"] },
    管路接头: { 快插接头: [12, "只"], 高压软管: [110, "米"] },
  },
  工业自动化: {
    控制系统: { 可编程控制器: [3200, "台"], 人机界面: [2100, "台"], 远程模块: [980, "块"] },
    驱动: { 伺服系统: [5200, "套"], 变频器: [2900, "台"], 步进系统: [760, "套"] },
    传感检测: { 光电传感器: [240, "只"], 激光测距: [1900, "台"], 工业相机: [6800, "台"] },
  },
  电气与线缆: {
    低压电器: { 断路器: [150, "只"], 接触器: [120, "只"], 继电器: [45, "只"] },
    线缆: { 拖链电缆: [28, "米"], 动力电缆: [62, "米"] },
    开关电源: { 导轨电源: [330, "台"], 直流电源: [520, "台"] },
  },
  工具与耗材: {
    切削刀具: { 铣刀: [130, "支"], 钻头: [58, "支"], 刀片: [36, "片"] },
    润滑化学: { 润滑脂: [180, "桶"], 切削液: [890, "桶"] },
    劳保安全: { 防护手套: [16, "双"], 安全光幕: [1700, "套"] },
  },
};

export interface Category {
  code: string;
  name: string;
  parent: string | null;
  position: number;
}

/** Prices are cents of the company currency. */
export interface Product {
  code: string;
  name: string;
  category: string;
  unit: string;
  listPrice: number;
  costPrice: number;
  discontinued: boolean;
  /** How often it is sold, relative to the others. */
  popularity: number;
  taxPercent: number;
}

const makers = ["KR", "NT", "HZ", "DL", "SF"];

/** Five products per leaf category. `scale` turns yuan into the company currency. */
export function catalogue(random: Random, scale: number): { categories: Category[]; products: Product[] } {
  const categories: Category[] = [];
  const products: Product[] = [];
  const add = (name: string, parent: string | null, position: number): string => {
    const code = `K${String(categories.length + 1).padStart(3, "0")}`;
    categories.push({ code, name, parent, position });
    return code;
  };
  Object.entries(tree).forEach(([line, groups], linePosition) => {
    const lineCode = add(line, null, linePosition + 1);
    Object.entries(groups).forEach(([group, leaves], groupPosition) => {
      const groupCode = add(group, lineCode, groupPosition + 1);
      Object.entries(leaves).forEach(([leaf, [price, unit]], leafPosition) => {
        const leafCode = add(leaf, groupCode, leafPosition + 1);
        for (let model = 0; model < 5; model++) {
          const listPrice = Math.max(100, Math.round(random.lognormal(price * scale, 0.35) * 10) * 10);
          const number = products.length + 1;
          products.push({
            code: `P${String(number).padStart(4, "0")}`,
            name: `${leaf} ${makers[model]!}-${100 + number * 7}`,
            category: leafCode,
            unit,
            listPrice,
            costPrice: Math.round(listPrice * (0.6 + random.next() * 0.18)),
            discontinued: random.chance(0.04),
            popularity: random.lognormal(1, 0.9),
            taxPercent: 13,
          });
        }
      });
    });
  });
  return { categories, products };
}
