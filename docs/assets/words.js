/* The few words that the model is written in (spec/vocabulary.py), and Python's whole numbers, for what making/javascript.py prints.
   What Python would not compute, or would compute otherwise, is an error here and never a value: a number is whole and exact or is none,
   a truth is true or false, and nothing is undefined. */
const $no = (why) => { throw new TypeError(why); };
const $number = (value) => (Number.isSafeInteger(value) ? value + 0 : $no(`no whole number that is exact here: ${String(value)}`));
const $truth = (value) => (typeof value === "boolean" ? value : $no(`neither true nor false: ${String(value)}`));
const $text = (value) => (typeof value === "string" ? value : $no(`no text: ${String(value)}`));
const $some = (value) => (value === undefined ? $no("there is nothing here") : value);
const $a = (kind, value) => (value instanceof kind ? value : $no(`no ${kind.name}: ${String(value)}`));
const $tuple = (values) => (Array.isArray(values) ? Object.freeze(values.map($some)) : $no(`no tuple: ${String(values)}`));
const $range = (end) => Array.from({ length: Math.max(0, $number(end)) }, (_, index) => index);
const $unpacked = (values, size) => ($tuple(values).length === size ? values : $no(`${values.length} values, not ${size}`));
const $distinct = (values) => [...new Set(values.map($text))];
const $sorted = (values, key) => [...values].sort((one, other) => $number(key(one)) - $number(key(other)));

const $add = (one, other) => $number($number(one) + $number(other));
const $subtract = (one, other) => $number($number(one) - $number(other));
const $multiply = (one, other) => $number($number(one) * $number(other));
const $modulo = (one, other) => {
  const rest = $number(one) % ($number(other) || $no("a division by zero"));
  return $number(rest !== 0 && rest < 0 !== other < 0 ? rest + other : rest);
};
const $floor = (one, other) => $number($subtract(one, $modulo(one, other)) / other);
const $less = (one, other) => $number(one) < $number(other);
const $atMost = (one, other) => $number(one) <= $number(other);

const $every = (...truths) => truths.map($truth).every((truth) => truth);
const $either = (...truths) => truths.map($truth).some((truth) => truth);
const $not = (truth) => !$truth(truth);
const $choose = (condition, then, otherwise) => ($truth(condition) ? $some(then) : $some(otherwise));
const $named = (name, truth) => $truth(truth);
const $same = (one, other) => {
  if ($some(one) !== null && typeof one === "object" && !Array.isArray(one)) {
    return Object.keys($a(one.constructor, other)).every((name) => $same(one[name], other[name]));
  }
  return typeof one === typeof other && typeof one !== "object" ? one === other : $no(`not to be compared: ${one}, ${other}`);
};

const $fields = (state, values) => Object.freeze(Object.assign(state, values));
const $made = (kind, fields, values) => {
  const unknown = Object.keys(values).filter((name) => !fields.includes(name));
  return unknown.length ? $no(`${kind.name} has no ${unknown}`) : new kind(...fields.map((name) => values[name]));
};
const $replace = (state, changes) => $made(state.constructor, Object.keys(state), { ...state, ...changes });
