"use strict";
// Shows an OpenAPI document: a list with a search, and one operation at a time.
(function () {
  const nav = document.getElementById("list"), view = document.getElementById("view"), search = document.getElementById("search");
  let doc, operations = [];

  // el makes an element: strings are text, never markup.
  function el(tag, attrs, ...children) {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attrs || {})) if (v !== undefined && v !== null) e.setAttribute(k, v);
    for (const c of children.flat(Infinity)) if (c !== undefined && c !== null && c !== "") e.append(c);
    return e;
  }

  function deref(x) {
    for (let i = 0; x && x.$ref && i < 20; i++) x = x.$ref.slice(2).split("/").reduce((o, k) => o && o[k.replace(/~1/g, "/").replace(/~0/g, "~")], doc);
    return x || {};
  }

  const refName = (s) => (s && s.$ref ? s.$ref.split("/").pop() : "");

  // unwrap splits "this or null" into this and whether null is allowed.
  function unwrap(s) {
    if (s && s.anyOf) {
      const real = s.anyOf.filter((a) => a.type !== "null");
      return [real.length === 1 ? real[0] : s, real.length < s.anyOf.length];
    }
    if (s && Array.isArray(s.type)) return [Object.assign({}, s, { type: s.type.find((t) => t !== "null") }), s.type.includes("null")];
    return [s, false];
  }

  function typeText(schema) {
    const [s, nullable] = unwrap(schema || {});
    const d = deref(s);
    let t = refName(s) || d.type || "any";
    if (d.type === "array") t = "list of " + typeText(d.items || {});
    if (d.type === "object" && !refName(s) && d.additionalProperties && typeof d.additionalProperties === "object") t = "map of " + typeText(d.additionalProperties);
    return t + (d.format && d.format !== "int64" ? " (" + d.format + ")" : "") + (nullable ? " or null" : "");
  }

  const limits = [["minLength", "min length"], ["maxLength", "max length"], ["minimum", "min"], ["maximum", "max"], ["exclusiveMinimum", "more than"], ["exclusiveMaximum", "less than"],
    ["minItems", "min items"], ["maxItems", "max items"], ["maxProperties", "max entries"], ["multipleOf", "multiple of"], ["pattern", "pattern"], ["default", "default"]];

  function rules(schema) {
    const d = deref(unwrap(schema || {})[0]), items = d.type === "array" ? deref(d.items) : {};
    const out = [];
    for (const [k, label] of limits) {
      if (d[k] !== undefined) out.push(label + " " + d[k]);
      if (items[k] !== undefined && items.type !== "object") out.push("each " + label + " " + items[k]);
    }
    const values = d.enum || items.enum;
    if (values) out.push("one of " + values.map((v) => JSON.stringify(v)).join(", "));
    return out.join(" · ");
  }

  // inner returns the object that a schema is in the end, if it is one.
  function inner(schema) {
    let d = deref(unwrap(schema || {})[0]);
    for (let i = 0; i < 4 && (d.type === "array" || (!d.properties && d.additionalProperties && typeof d.additionalProperties === "object")); i++)
      d = deref(unwrap(d.items || d.additionalProperties)[0]);
    return d;
  }

  // fields lists what an object has. What is sent shows what must be there; what
  // is answered has everything.
  function fields(schema, seen, sent) {
    const d = inner(schema);
    if (!d.properties || seen.includes(d)) return null;
    const need = d.required || [];
    return el("ul", { class: "fields" }, Object.entries(d.properties).map(([name, s]) => {
      const line = [el("code", {}, name), " ", el("span", { class: "soft" }, typeText(s)), sent && need.includes(name) ? el("span", { class: "req" }, " required") : "",
        rules(s) ? el("span", { class: "soft" }, " · " + rules(s)) : "", s.description ? el("div", {}, s.description) : ""];
      const more = inner(s);
      if (!more.properties || seen.includes(more) || more === d) return el("li", {}, line);
      const box = el("details", {}, el("summary", {}, line));
      box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) box.append(fields(s, seen.concat([d]), sent) || ""); });
      return el("li", {}, box);
    }));
  }

  function example(schema, seen) {
    const [s] = unwrap(schema || {}), d = deref(s);
    if (d.examples && d.examples.length) return d.examples[0];
    if (d.default !== undefined) return d.default;
    if (d.enum) return d.enum[0];
    if (seen.includes(d) || seen.length > 8) return {};
    const next = seen.concat([d]);
    switch (d.type) {
      case "object": {
        if (!d.properties) return typeof d.additionalProperties === "object" ? { name: example(d.additionalProperties, next) } : {};
        const out = {};
        for (const [k, v] of Object.entries(d.properties)) out[k] = named(k, v) || example(v, next);
        return out;
      }
      case "array": return [example(d.items, next)];
      case "integer": return Math.max(1, d.minimum || 0);
      case "number": return 1;
      case "boolean": return true;
      case "string":
        if (d.format === "date-time") return "2026-01-31T12:00:00Z";
        if (d.format === "email") return "ann@example.com";
        if (d.pattern === "^[A-Z]{2}$") return "DE";
        if (d.pattern === "^[A-Z]{3}$") return "EUR";
        if (d.pattern && d.pattern.startsWith("^https?")) return "https://example.com/";
        return "text";
      default: return {};
    }
  }

  const known = { id: "id_01JD41", variant_id: "var_01JD41", product_id: "prod_01JD41", cart_id: "cart_01JD41", order_id: "ord_01JD41", slug: "t-shirt", sku: "TS-S", title: "T-shirt", name: "Ann Ng", city: "Berlin", line1: "Street 1", postal_code: "10115", country: "DE", method: "invoice", amount: 2499 };
  const named = (k, s) => (known[k] !== undefined && ["string", "integer"].includes(deref(unwrap(s)[0]).type) ? known[k] : undefined);

  const json = (v) => el("pre", {}, JSON.stringify(v, null, 2));
  const section = (title, ...rest) => [el("h3", {}, title), rest];

  function parameters(op) {
    if (!op.parameters || !op.parameters.length) return [];
    return section("Parameters", el("table", {}, el("tr", {}, ["Name", "In", "Type", "Meaning"].map((h) => el("th", {}, h))),
      op.parameters.map((p) => el("tr", {}, el("td", {}, el("code", {}, p.name), p.required ? el("span", { class: "req" }, " required") : ""), el("td", {}, p.in),
        el("td", {}, typeText(p.schema)), el("td", {}, p.description, " ", el("span", { class: "soft" }, rules(p.schema)))))));
  }

  function body(op) {
    if (!op.requestBody) return [];
    const types = Object.keys(op.requestBody.content), schema = op.requestBody.content[types[0]].schema;
    return section("Body", el("p", { class: "soft" }, types.join(", ")), fields(schema, [], true), el("details", {}, el("summary", {}, "Example"), json(example(schema, []))));
  }

  function responses(op) {
    return section("Answers", Object.entries(op.responses).map(([status, ref]) => {
      const r = deref(ref), content = r.content || {}, type = Object.keys(content)[0], media = content[type] || {};
      const codes = Object.entries(media.examples || {});
      const inside = codes.length
        ? el("table", {}, codes.map(([code, e]) => el("tr", {}, el("td", {}, el("a", { href: "/docs/problems#" + code }, el("code", {}, code))), el("td", {}, e.value.title))))
        : [fields(media.schema, []) || "", media.schema ? el("details", {}, el("summary", {}, "Example"), json(example(media.schema, []))) : ""];
      const headers = Object.keys(r.headers || {});
      const box = el("details", {}, el("summary", {}, el("b", {}, status), " " + (r.description || ""), " ", el("span", { class: "soft" }, media.schema && !codes.length ? typeText(media.schema) : "")),
        headers.length ? el("p", { class: "soft" }, "Headers: " + headers.join(", ")) : "", inside);
      if (status < "300") box.open = true;
      return box;
    }));
  }

  function security(op) {
    const ways = (op.security || []).map((s) => Object.keys(s).map((k) => ({ bearer: "Authorization: Bearer …", cart_token: "Cart-Token", order_token: "Order-Token" }[k] || k)).join(" and ") || "nobody in particular");
    return ways.length ? el("p", { class: "soft" }, "Callers: " + ways.join(", or ")) : "";
  }

  // more is the description, which may begin with the summary, or not.
  // What stands between backquotes is code.
  const more = ({ summary = "", description = "" }) => (description.startsWith(summary) ? description : summary + " " + description)
    .split("`").map((part, i) => (i % 2 ? el("code", {}, part) : part));

  function show(id) {
    const o = operations.find((x) => x.id === id) || operations[0];
    if (!o) return;
    for (const a of nav.querySelectorAll("a")) a.toggleAttribute("aria-current", a.dataset.id === o.id);
    view.replaceChildren(el("div", { class: "head" }, el("span", { class: "method " + o.method }, o.method.toUpperCase()), el("span", { class: "path" }, o.path)),
      el("p", {}, more(o.op)), el("p", { class: "soft" }, "Operation ", el("code", {}, o.id)), security(o.op),
      ...[parameters(o.op), body(o.op), responses(o.op)].flat(Infinity));
    view.scrollTop = 0;
    document.title = o.method.toUpperCase() + " " + o.path;
  }

  function list() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hit = (o) => words.every((w) => (o.method + " " + o.path + " " + o.id + " " + o.op.summary).toLowerCase().includes(w));
    const groups = new Map();
    for (const o of operations.filter(hit)) groups.set(o.tag, (groups.get(o.tag) || []).concat([o]));
    const here = decodeURIComponent(location.hash.slice(1));
    nav.replaceChildren(...[...groups].flatMap(([tag, ops]) => [el("h2", {}, tag), ...ops.map((o) =>
      el("a", { href: "#" + encodeURIComponent(o.id), "data-id": o.id, title: o.op.summary, "aria-current": o.id === here ? "true" : null },
        el("span", { class: "method " + o.method }, o.method.toUpperCase()), el("span", { class: "path" }, o.path.replace(/^\/v1(\/admin)?/, ""))))]));
    if (!groups.size) nav.append(el("p", { class: "soft" }, "Nothing has all of these words."));
  }

  const order = ["get", "post", "put", "patch", "delete"];
  fetch("/v1/openapi.json").then((r) => { if (!r.ok) throw new Error(r.status); return r.json(); }).then((d) => {
    doc = d;
    for (const [path, methods] of Object.entries(d.paths))
      for (const method of order) if (methods[method]) operations.push({ path, method, op: methods[method], id: methods[method].operationId, tag: (methods[method].tags || [""])[0] });
    const rank = (o) => (o.tag.startsWith("admin/") ? 1 : 0);
    operations.sort((a, b) => rank(a) - rank(b) || a.tag.localeCompare(b.tag) || a.path.localeCompare(b.path));
    document.getElementById("version").textContent = d.info.version;
    list();
    show(decodeURIComponent(location.hash.slice(1)));
    search.addEventListener("input", list);
    addEventListener("hashchange", () => show(decodeURIComponent(location.hash.slice(1))));
  }).catch((e) => view.replaceChildren(el("p", {}, "The document could not be read: " + e.message)));
})();
