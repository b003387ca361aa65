/**
 * What the commonest passwords are made of, in lower case, the longer before what they contain.
 * Keyboard rows, the alphabet, digits, repetition and "p@ssw0rd" spellings are recognised by `passwords.ts` and not listed.
 */
const words = [
  // English
  ..."password passwort passcode passwd passw pass letmein iloveyou loveyou lovely forever welcome sunshine princess football baseball".split(
    " ",
  ),
  ..."basketball soccer hockey superman batman spiderman starwars pokemon dragon monkey master shadow michael jordan jennifer".split(" "),
  ..."jessica ashley daniel charlie thomas andrew joshua matthew robert hunter killer trustno computer internet samsung".split(" "),
  ..."google facebook windows microsoft apple android mustang ferrari corvette harley yankees summer winter spring autumn".split(" "),
  ..."monday friday january february october november december secret access admin administrator root system manager server".split(" "),
  ..."login guest user test testing demo default changeme temporary temp qwerty azerty cheese cookie flower angel baby".split(" "),
  ..."money freedom whatever nothing hello hallo bonjour dolphin purple orange banana chocolate pepper ginger buster tigger".split(" "),
  ..."company office sales crm kehu database oracle cisco support love happy lucky star king queen boss china beijing shanghai".split(" "),
  // Pinyin and what Chinese users type
  ..."woaini woaiwo woaima aini wobuzhidao wodemima mima nihao zhongguo beijing shanghai guangzhou shenzhen gongsi kehu xiaoshou".split(
    " ",
  ),
  ..."guanliyuan baobao laopo laogong mama baba zhang wang li liu chen yang zhao huang zhou asd zxc qaz wsx edc abc".split(" "),
];

export const commonWords: readonly string[] = [...new Set(words)].sort((left, right) => right.length - left.length);
