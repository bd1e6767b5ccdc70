/** Other ways to write a path, as readers that decode, fold or resolve would take for it. */

const slashes = [
  "/",
  "//",
  "/./",
  "/x/../",
  "/%2e/",
  "\\",
  "/\\",
  "%2f",
  "%252f",
  "%5c",
  "\u2215",
  "\u2044",
  "\uff0f",
  "/\u0000/",
  "/;/",
  "/%00/",
];
const befores = [
  "",
  " ",
  "\t",
  ".",
  "/.",
  "/..",
  "/../..",
  "/database/dynamic/..",
  "/database/dynamic/../..",
  "file://",
  "//",
  "%2f",
  "\ufeff",
];
const afters = [
  "",
  " ",
  "/",
  "//",
  "/.",
  "/..",
  "/../admin",
  "\u0000",
  "%00",
  "#",
  "?",
  ";a",
  "*",
  "/**",
  "/*",
  "%20",
  "\n",
  ".",
];
const letters: ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toUpperCase(),
  (name) => `${name[0]!.toUpperCase()}${name.slice(1)}`,
  (name) => `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
  (name) => `%25${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
  (name) => String.fromCodePoint(name.codePointAt(0)! + 0xfee0) + name.slice(1),
  (name) => `${name}\u200b`,
  (name) => `${name}\u0301`,
  (name) => name.replace("a", "\u0430"),
  (name) => name.replace("i", "\u0131"),
  (name) => `${name}.`,
  (name) => `${name}\u2024\u2024`,
];

/** Every spelling of `/a/b` once, itself among them. */
export function spellingsOf(path: string): string[] {
  const [first, second] = path.slice(1).split("/");
  const written = (before: string, slash: string, write: (name: string) => string, after: string): string =>
    `${before}/${first}${slash}${write(second!)}${after}`;
  const plain = letters[0]!;
  const all = [
    ...befores.flatMap((before) => afters.map((after) => written(before, "/", plain, after))),
    ...slashes.flatMap((slash) => letters.map((write) => written("", slash, write, ""))),
    ...slashes.map((slash) => `${slash}${first}/${second}`),
  ];
  return [...new Set(all)];
}
