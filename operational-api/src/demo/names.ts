import type { Random } from "./random.ts";

const surnames = [
  ..."王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段",
];
const givenFirst = [..."志建国文明永海晓春雪秀丽美玉桂佳思雨子梓宇浩俊伟嘉欣慧雅静婉立德正光天泽瑞承启景修君怡若诗涵一安宁"];
const givenSecond = [..."强军平东华涛杰敏芳娟霞燕玲琳莹倩颖洁岩磊鹏飞超勇刚峰斌波辉旭阳晨曦然轩宁航远达成林森源泉清悦彤萱琪瑶妍蕾"];

export const personName = (random: Random): string =>
  random.pick(surnames) + (random.chance(0.82) ? random.pick(givenFirst) : "") + random.pick(givenSecond);

/** Visibly invented numbers: 199 0000 and four digits. */
export const mobileNumber = (random: Random): string => `1990000${String(random.integer(0, 9999)).padStart(4, "0")}`;

export interface Place {
  province: string;
  city: string;
}

const provinces: Record<string, readonly string[]> = {
  上海市: ["上海市"],
  江苏省: ["苏州市", "无锡市", "南京市", "常州市", "南通市", "昆山市"],
  浙江省: ["杭州市", "宁波市", "温州市", "嘉兴市", "台州市"],
  安徽省: ["合肥市", "芜湖市"],
  广东省: ["深圳市", "广州市", "东莞市", "佛山市", "珠海市", "惠州市", "中山市"],
  福建省: ["厦门市", "福州市", "泉州市"],
  湖南省: ["长沙市", "株洲市"],
  北京市: ["北京市"],
  天津市: ["天津市"],
  河北省: ["石家庄市", "唐山市", "保定市"],
  山东省: ["青岛市", "济南市", "烟台市", "潍坊市"],
  辽宁省: ["沈阳市", "大连市"],
  四川省: ["成都市", "绵阳市", "德阳市"],
  重庆市: ["重庆市"],
  陕西省: ["西安市", "宝鸡市"],
  湖北省: ["武汉市", "襄阳市", "宜昌市"],
  河南省: ["郑州市", "洛阳市"],
};

export const placeIn = (random: Random, among: readonly string[]): Place => {
  const province = random.pick(among);
  return { province, city: random.pick(provinces[province]!) };
};

export const allProvinces = Object.keys(provinces);

/** Industry -> the words companies of that industry carry in their names. */
const industryWords: Record<string, readonly string[]> = {
  汽车零部件: ["汽车零部件", "汽车科技", "车业", "传动系统"],
  电子制造: ["电子", "精密电子", "微电子", "光电"],
  机械装备: ["机械", "重工", "装备制造", "精密机械"],
  医疗器械: ["医疗器械", "医疗科技", "生物医疗"],
  化工: ["化工", "新材料", "精细化工"],
  食品饮料: ["食品", "饮料", "食品机械"],
  包装印刷: ["包装", "包装材料", "印刷包装"],
  物流仓储: ["智能仓储", "物流装备", "供应链"],
  建筑工程: ["建设工程", "机电安装", "建筑科技"],
  轨道交通: ["轨道交通装备", "轨道车辆", "铁路器材"],
  锂电: ["锂能", "动力电池", "储能科技"],
  光伏: ["光伏", "太阳能", "新能源"],
  机器人: ["机器人", "智能装备", "自动化"],
  半导体: ["半导体", "集成电路", "芯片设备"],
};

export const industries: Record<"general" | "energy" | "automation", readonly string[]> = {
  general: ["汽车零部件", "电子制造", "机械装备", "医疗器械", "化工", "食品饮料", "包装印刷", "物流仓储", "建筑工程", "轨道交通"],
  energy: ["锂电", "光伏"],
  automation: ["机器人", "半导体"],
};

const brandFirst = [..."华恒盛瑞德鑫泰宏远博信诚佳凯卓力科中东新联金海天宇立永正昌达润众美康创锐捷迈奥思优智汇聚"];
const brandSecond = [..."达创信邦源通利丰隆科维特克泰豪诺腾翔越锋恒晟辰拓扬昊途凌浦洋川岳峰原和安康德"];

export const companyName = (random: Random, city: string, industry: string): string => {
  const form = random.weighted([70, 18, 12]);
  const brand = random.pick(brandFirst) + random.pick(brandSecond);
  const word = random.pick(industryWords[industry]!);
  return city.replace("市", "") + brand + word + ["有限公司", "股份有限公司", "集团有限公司"][form]!;
};

export const sources = ["展会", "官网", "老客户介绍", "电话开发", "搜索引擎", "行业协会", "渠道伙伴"];
export const contactTitles = ["采购经理", "采购专员", "设备部长", "生产总监", "技术负责人", "总经理", "供应链总监", "仓库主管"];
