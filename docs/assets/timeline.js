/* The page "Try it": draws a situation, moves it, and asks the model (assets/model.js) what it comes to. It decides nothing: every
   answer, also each of the strip, is one of `lockproof.play`, and every number and sentence of the standard comes with the model. */
"use strict";
(() => {
  const form = document.getElementById("try");
  if (!form) return;
  const { days, examples, handles, profiles, sentences, pages, play, Situation } = lockproof;
  const STEP = 2; // pixels of the strip from one question to the next
  const EDGE = 10; // pixels from the picture's side to the ends of its axis: half a slider's handle
  const NAMES = Object.keys(examples[0].situation).filter((name) => name !== "known_from");
  const part = (name) => document.getElementById(`try-${name}`);
  const rows = [...form.querySelectorAll(".row")];
  const field = (name) => form.elements[name];

  let day, midnight, values, moved, strip, asked;
  let notice = "";

  // Time and words

  const two = (number) => String(number).padStart(2, "0");
  function offsetAt(instant) {
    return days[day].offsets.filter(([from]) => from <= instant).at(-1)[1];
  }
  function local(instant) {
    return new Date((instant + offsetAt(instant)) * 1000);
  }
  function clock(instant, withSeconds = true) {
    const at = local(instant);
    return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}${withSeconds ? `:${two(at.getUTCSeconds())}` : ""}`;
  }
  function date(instant) {
    const at = local(instant);
    const name = (options) => at.toLocaleDateString("en-GB", { timeZone: "UTC", ...options });
    return `${name({ weekday: "short" })} ${name({ day: "numeric", month: "short" })}`;
  }
  function when(instant) {
    const hours = offsetAt(instant) / 3600;
    const offset = days[day].offsets.length > 1 ? ` UTC${hours < 0 ? "\u2212" : "+"}${Math.abs(hours)}` : "";
    return `${date(instant)}, ${clock(instant)}${offset}`;
  }
  function lasting(seconds) {
    const parts = [[Math.floor(seconds / 3600), "h"], [Math.floor(seconds / 60) % 60, "min"], [seconds % 60, "s"]];
    return parts.filter(([number]) => number).map(([number, unit]) => `${number} ${unit}`).join(" ") || "0 s";
  }
  const KINDS = {
    power: "power returns", revoked: "revocation asked for", heard: "the box hears of it", "set back": "clock set back", used: "used before",
    fetched: "ticket asked for", wrong: "wrong digits", presented: "presented",
  };
  const unheard = (step) => step.by === "nobody" && !step.outcome.accepted;
  function result(step) {
    if (unheard(step)) return "nothing comes of it";
    if (step.by === "nobody") return "it happens";
    return `${step.outcome.accepted ? "accepted" : "refused"} by the ${step.by}`;
  }
  const opens = (step) => step.outcome.accepted;
  const clauses = (step) => (opens(step) ? step.outcome.because() : step.outcome.clauses());
  const key = (step) => `${opens(step)} ${step.by} ${clauses(step)}`;

  // What is asked of the model

  const situation = (changes = {}) => Situation({ ...values, known_from: days[day].known_from, ...changes });
  const profile = () => profiles[midnight ? "midnight" : "standard"];
  const ask = (changes) => play(situation(changes), profile());
  const askAt = (instant) => ask({ presented_at: instant })[1];

  /** The answer from each instant of the axis on at which another one was found. Between two questions it is looked for by halves. */
  function found() {
    const { first, last } = days[day];
    const here = JSON.stringify({ ...values, presented_at: 0, day, midnight, width: width() });
    if (here === asked) return strip;
    const step = Math.max(1, Math.floor(((last - first) * STEP) / width()));
    const instants = new Set([last]);
    for (let at = first; at < last; at += step) instants.add(at);
    for (const { name, most } of handles) {
      if (!most) [-1, 0, 1].forEach((by) => instants.add(Math.min(last, Math.max(first, values[name] + by))));
    }
    const edges = [];
    let [before, answer] = [first, askAt(first)];
    edges.push({ at: first, answer });
    for (const at of [...instants].sort((one, other) => one - other)) {
      const then = askAt(at);
      while (key(then) !== key(answer)) { // between the two there may be more than one change
        let [low, high, there] = [before, at, then];
        while (high - low > 1) {
          const middle = Math.floor((low + high) / 2);
          const between = askAt(middle);
          if (key(between) === key(answer)) low = middle;
          else [high, there] = [middle, between];
        }
        edges.push({ at: high, answer: there });
        [before, answer] = [high, there];
      }
      [before, answer] = [at, then];
    }
    [asked, strip] = [here, edges];
    return edges;
  }

  // Drawing

  const width = () => Math.max(280, Math.floor(part("picture").clientWidth));
  function across(instant) {
    const { first, last } = days[day];
    return EDGE + ((Math.min(last, Math.max(first, instant)) - first) / (last - first)) * (width() - 2 * EDGE);
  }
  function element(name, attributes = {}, ...inside) {
    const made = name in { svg: 1, rect: 1, path: 1, text: 1, circle: 1, g: 1, title: 1 }
      ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    Object.entries(attributes).forEach(([attribute, value]) => made.setAttribute(attribute, value));
    made.append(...inside);
    return made;
  }
  const bar = (kind, from, to, y, height) =>
    element("rect", { class: kind, x: across(from).toFixed(1), y, width: Math.max(0.8, across(to) - across(from)).toFixed(1), height });
  /** A word beside an instant, on the side where there is room for it. */
  function word(instant, y, said, beside = 9) {
    const x = across(instant);
    const left = x > width() / 2;
    return element("text", { x: (x + (left ? -beside : beside)).toFixed(1), y, class: left ? "before" : "after" }, said);
  }
  const mark = (kind, instant, y) => element("circle", { class: `mark ${kind}`, cx: across(instant).toFixed(1), cy: y, r: 6 });

  function picture(told, answer) {
    const { first, last, begins, ends } = days[day];
    const drawn = [];
    let y = 4;
    const lane = (draw, height = 24) => { drawn.push(...draw(y)); y += height; };
    lane((top) => [
      bar("span", values.connect ? values.begins : begins, values.connect ? Math.max(values.begins, values.ends) : ends, top, 18),
      element("text", { x: (across(values.connect ? values.begins : begins) + 6).toFixed(1), y: top + 13, class: "after" },
        values.connect ? "the window" : "the day of the code"),
    ]);
    const seen = told.filter((step) => !["presented", "fetched", "wrong"].includes(step.kind));
    if (values.cuts) lane((top) => [
      bar("off", values.cut_at, values.cut_at + values.off_for, top, 18), word(values.cut_at, top + 13, `no power for ${lasting(values.off_for)}`),
    ]);
    for (const step of seen.filter(({ kind }) => kind !== "power")) {
      const kind = step.by === "nobody" ? "nothing" : opens(step) ? "in" : "out";
      lane((top) => [mark(kind, step.at, top + 9), word(step.at, top + 13, KINDS[step.kind] + (opens(step) ? "" : `, ${unheard(step) ? "in vain" : "refused"}`))]);
    }
    lane((top) => found().map(({ at, answer: then }, index, all) =>
      bar(opens(then) ? "opens" : unheard(then) ? "off" : "refuses", at, all[index + 1]?.at ?? last, top, 18)), 20);
    const stripTop = y - 20;
    drawn.push(element("path", { class: "now", d: `M${across(answer.at).toFixed(1)} 0V${y + 4}` }));
    drawn.push(mark(`presented ${opens(answer) ? "in" : "out"}`, answer.at, stripTop + 9));
    drawn.push(...axis(first, last, y + 6));
    const said = `${values.connect ? "A Connect grant" : "A One Day Code"}: ${headline(answer)}, ${when(answer.at)}`;
    const size = { viewBox: `0 0 ${width()} ${y + 44}`, width: width(), height: y + 44 };
    part("picture").replaceChildren(element("svg", { role: "img", "aria-label": said, ...size }, ...drawn));
  }
  function axis(first, last, y) {
    const ticks = [];
    const path = [`M${EDGE} ${y}H${width() - EDGE}`];
    const hours = width() < 520 ? 12 : width() < 800 ? 6 : 3;
    for (let at = first; at <= last; at += 900) {
      const shown = local(at);
      if (shown.getUTCMinutes() || shown.getUTCHours() % hours || clock(at - 900, false) === clock(at, false)) continue;
      const midnightHere = shown.getUTCHours() === 0;
      path.push(`M${across(at).toFixed(1)} ${y}v${midnightHere ? 11 : 6}`);
      ticks.push(element("text", { x: across(at).toFixed(1), y: y + 20, class: "tick" }, clock(at, false)));
      if (midnightHere) ticks.push(element("text", { x: across(at).toFixed(1), y: y + 34, class: "tick date" }, date(at)));
    }
    return [element("path", { class: "axis", d: path.join("") }), ...ticks];
  }

  // Answers

  function headline(step) {
    if (unheard(step)) return "Nothing is decided";
    if (opens(step)) return "Opens";
    return step.by === "box" ? "Refused by the box" : "Refused by the authority: no ticket is issued";
  }
  function why(step) {
    if (unheard(step)) return [element("li", {}, "The box has no power, or had none when a ticket would have been fetched.")];
    return clauses(step).map((clause) =>
      element("li", {}, element("a", { href: pages[clause] }, element("code", {}, clause)), ` ${sentences[clause]}`));
  }
  function tell(told, answer) {
    const shown = part("answer");
    const lines = [
      ...(notice ? [element("p", { class: "aside" }, notice)] : []),
      element("p", { class: "verdict" }, element("strong", {}, headline(answer))),
      element("ul", {}, ...why(answer)),
    ];
    const text = lines.map((line) => line.textContent).join();
    if (shown.dataset.said !== text) { // so that it is read out when it is another one, and not with each second
      shown.dataset.said = text;
      shown.parentElement.className = `answer ${unheard(answer) ? "nothing" : opens(answer) ? "opens" : "refused"}`;
      shown.replaceChildren(...lines);
    }
    const differs = answer.certain && answer.box_time !== answer.at ? `To the box it is another time: its clock shows ${when(answer.box_time)}.` : "";
    const unsure = answer.certain ? "" : "The box is not certain of the time.";
    part("at").textContent = [`Presented ${when(answer.at)}.`, ...(unheard(answer) ? [] : [differs, unsure])].join(" ").trim();
    part("told").replaceChildren(...told.map((step) =>
      element("li", {}, `${when(step.at)}: ${KINDS[step.kind]}, ${result(step)}`, ...(unheard(step) ? [] : because(step)))));
    const head = element("tr", {}, ...["condition", "clause", "it"].map((name) => element("th", {}, name)));
    const needs = answer.outcome.needs.map((need) => element("tr", {}, element("td", {}, need.name),
      element("td", {}, element("a", { href: pages[need.clause] }, element("code", {}, need.clause))),
      element("td", {}, !need.applies ? "is not asked" : need.holds ? "holds" : "does not hold")));
    part("needs").replaceChildren(needs.length ? element("table", {}, head, ...needs) : element("p", {}, "Nothing."));
  }
  const because = (step) => clauses(step).flatMap((clause) => [" ", element("a", { href: pages[clause] }, element("code", {}, clause))]);

  // The form

  const about = (handle) => ["both", values.connect ? "connect" : "code"].includes(handle.of);
  function said(handle) {
    if (!handle.most) return when(values[handle.name]);
    return handle.unit === "s" ? lasting(values[handle.name]) : `${values[handle.name]}`;
  }
  function fill() {
    const { first, last } = days[day];
    field("credential").value = values.connect ? "connect" : "code";
    field("day").value = day;
    field("midnight").checked = midnight;
    form.querySelector(".of-code.other").hidden = values.connect;
    for (const handle of handles) {
      const row = rows.find((each) => each.dataset.name === handle.name);
      const input = field(handle.name);
      const on = !handle.if_said || values[handle.if_said];
      if (!handle.most) Object.assign(input, { min: first, max: last });
      input.value = values[handle.name];
      input.setAttribute("aria-valuetext", said(handle));
      input.disabled = input.hidden = !on;
      row.hidden = !about(handle) || Boolean(handle.most && !on);
      row.classList.toggle("off", !on);
      row.querySelector("output").textContent = on ? said(handle) : "";
      if (row.querySelector("[type=checkbox]")) field(handle.if_said).checked = values[handle.if_said];
    }
    field("by_order").value = Number(values.by_order);
    field("by_order").hidden = !values.sets_back;
    part("which").textContent = handles.find(({ name }) => name === moved).label;
    field("example").value = examples.findIndex(same);
  }
  const same = (example) => example.midnight === midnight && example.situation.known_from === days[day].known_from
    && NAMES.every((name) => example.situation[name] === values[name]);

  function show() {
    if (!about(handles.find(({ name }) => name === moved)) || field(moved).disabled) moved = "presented_at";
    const [played, answer] = ask();
    fill();
    tell(played.told, answer);
    picture(played.told, answer);
    form.querySelectorAll("[data-change]").forEach((button) => {
      button.setAttribute("aria-disabled", change(button.dataset.change) === undefined);
    });
  }
  let waits = 0;
  let late = 0; // a browser lets a page change its address some times a second, and no more
  function soon() {
    notice = "";
    late ||= setTimeout(() => { late = 0; history.replaceState(null, "", `#${fragment()}`); }, 200);
    waits ||= requestAnimationFrame(() => { waits = 0; show(); });
  }

  function take(example) {
    day = days.findIndex(({ known_from: from }) => from === example.situation.known_from);
    midnight = example.midnight;
    values = Object.fromEntries(NAMES.map((name) => [name, example.situation[name]]));
    moved = "presented_at";
  }
  function limits(name) {
    const handle = handles.find((each) => each.name === name);
    return handle?.most ? [0, handle.most] : [days[day].first, days[day].last];
  }
  function set(name, value) {
    const [least, most] = limits(name);
    values[name] = Math.min(most, Math.max(least, value));
    moved = name;
    soon();
  }
  function toDay(other) {
    const by = days[other].begins - days[day].begins;
    day = other;
    handles.filter(({ most }) => !most).forEach(({ name }) => {
      const [least, most] = limits(name);
      values[name] = Math.min(most, Math.max(least, values[name] + by));
    });
    if (!values.connect) Object.assign(values, { begins: days[day].begins, ends: days[day].ends });
  }

  // Links

  const fragment = () => examples.find(same)?.name ?? Object.entries({ day, midnight, ...values }).map(([name, value]) => `${name}=${Number(value)}`).join("&");
  /** True where the address has a situation, which is then shown, or means one that is none, which is then said. */
  function follow() {
    const example = examples.find(({ name }) => `#${name}` === location.hash);
    if (example) {
      take(example);
      return true;
    }
    const told = new URLSearchParams(location.hash.slice(1));
    if (!told.has("presented_at")) {
      const named = location.hash.slice(1);
      if (!named || document.getElementById(named)) return false;
      notice = "The address of this page names an example that is none here.";
      return true;
    }
    const number = (name, least, most) => {
      const value = /^\d+$/.test(told.get(name)) ? Number(told.get(name)) : NaN;
      if (!(value >= least && value <= most)) throw new RangeError(name);
      return value;
    };
    const before = [day, midnight, values];
    try {
      day = number("day", 0, days.length - 1);
      midnight = number("midnight", 0, 1) === 1;
      values = Object.fromEntries(NAMES.map((name) => [name,
        typeof examples[0].situation[name] === "boolean" ? number(name, 0, 1) === 1 : number(name, ...limits(name))]));
      if (!values.connect && (values.begins !== days[day].begins || values.ends !== days[day].ends)) throw new RangeError("begins, ends");
      moved = "presented_at";
      return true;
    } catch (wrong) {
      [day, midnight, values] = before;
      notice = `The address of this page says a situation that is none here: look at ${wrong.message}.`;
      return true;
    }
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target }) => {
    if (target.type === "range") set(target.name, Number(target.value));
    else if (target.name === "credential") take(examples.find(({ situation: { connect } }) => connect === (target.value === "connect")));
    else if (target.name === "example") take(examples[target.value]);
    else if (target.name === "day") toDay(Number(target.value));
    else if (target.name === "midnight") midnight = target.checked;
    else if (target.name === "by_order") values.by_order = target.value === "1";
    else {
      values[target.name] = target.checked;
      moved = handles.find(({ if_said: name }) => name === target.name).name;
    }
    soon();
  });
  form.addEventListener("focusin", ({ target }) => {
    if (target.type === "range" && moved !== target.name) { moved = target.name; soon(); }
  });
  form.addEventListener("keydown", (event) => {
    const { target, key: pressed, shiftKey } = event;
    if (target.type !== "range") return;
    const way = { ArrowRight: 1, ArrowUp: 1, PageUp: 1, ArrowLeft: -1, ArrowDown: -1, PageDown: -1 }[pressed];
    const size = pressed.startsWith("Page") ? 3600 : shiftKey ? 60 : 1;
    if (!way) return;
    event.preventDefault();
    set(target.name, values[target.name] + way * (Number(target.max) > 1000 ? size : 1));
  });
  /** The instant at the next change of the answer, or the one before the last; undefined where there is none. */
  function change(way) {
    const edges = found().slice(1).map(({ at }) => at);
    if (way === "1") return edges.find((at) => at > values.presented_at);
    const past = edges.filter((at) => at <= values.presented_at);
    return past.length ? past.at(-1) - 1 : undefined;
  }
  form.addEventListener("click", ({ target }) => {
    if (target.dataset.by) set(moved, values[moved] + Number(target.dataset.by));
    if (target.dataset.change && change(target.dataset.change) !== undefined) set("presented_at", change(target.dataset.change));
  });
  /** In the picture, what is nearest is dragged. */
  part("picture").addEventListener("pointerdown", (event) => {
    const { first, last } = days[day];
    const box = part("picture").getBoundingClientRect();
    const instant = (x) => Math.round(first + ((x - box.left - EDGE) / (width() - 2 * EDGE)) * (last - first));
    const names = handles.filter((handle) => !handle.most && about(handle) && !field(handle.name).disabled).map(({ name }) => name);
    const far = (name) => Math.abs(across(values[name]) - (event.clientX - box.left));
    const nearest = names.sort((one, other) => far(one) - far(other))[0];
    const name = far(nearest) < 14 ? nearest : "presented_at";
    const drag = ({ clientX }) => set(name, instant(clientX));
    const stop = () => { removeEventListener("pointermove", drag); removeEventListener("pointerup", stop); removeEventListener("pointercancel", stop); };
    addEventListener("pointermove", drag);
    addEventListener("pointerup", stop);
    addEventListener("pointercancel", stop);
    drag(event);
    event.preventDefault();
  });
  function arrive() {
    clearTimeout(late);
    late = 0;
    const told = notice;
    notice = "";
    const followed = follow();
    if (followed || told) show();
    if (!followed) return;
    form.scrollIntoView({ block: "start" });
  }
  addEventListener("hashchange", arrive);
  new ResizeObserver(() => { if (values) show(); }).observe(part("picture"));

  form.hidden = false;
  /* Their rows are where a link leads without a script; with it, to the top of the form. */
  examples.forEach(({ name }) => document.getElementById(name).removeAttribute("id"));
  take(examples[0]);
  show();
  arrive();
  addEventListener("load", () => { if (location.hash.length > 1 && !document.querySelector(":target")) form.scrollIntoView({ block: "start" }); });
})();
