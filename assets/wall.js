/* The wall's own clockwork: turns the scenes, asks for numbers when there are new ones, says when
   the server is gone or a source is late, and fits everything to the screen. It is loaded on
   every page and sleeps where there is no wall. */
(function () {
  "use strict";

  var TURN = 20000, POLL = 2000, AHEAD = 6000, MISSES = 2, SILENCE = 9000, GRACE = 3000, ASK_AGAIN = 20000;
  var PIXELS = {
    size: 1, width: 1, l: 1, r: 1, t: 1, b: 1, pad: 1, xshift: 1, yshift: 1, standoff: 1,
    ticklen: 1, thickness: 1, xpad: 1, ypad: 1, borderpad: 1, borderwidth: 1, xgap: 1, ygap: 1,
    cornerradius: 1, gridwidth: 1, zerolinewidth: 1, outlinewidth: 1, tickwidth: 1
  };
  var wall = null, state = null, timers = [];

  function byId(id) { return document.getElementById(id); }
  function all(selector) { return Array.prototype.slice.call(wall.querySelectorAll(selector)); }
  function partId(kind, scene) { return { wall: kind, scene: scene, card: "" }; }
  function setProps(id, props) {
    if (window.dash_clientside && window.dash_clientside.set_props) {
      window.dash_clientside.set_props(id, props);
    }
  }

  /* --- size: 1rem = 16 px on a 1920 × 1080 screen ------------------------------------------ */

  function fit() {
    var factor = Math.min(window.innerWidth / 1920, window.innerHeight / 1080);
    document.documentElement.style.fontSize = (16 * factor).toFixed(3) + "px";
    if (Math.abs(factor - state.factor) > 0.005) {
      state.factor = factor;
      setProps("wall-scale", { data: factor });
    }
  }

  function scaled(value, factor, key) {
    if (Array.isArray(value)) {
      return value.map(function (item) { return scaled(item, factor, key); });
    }
    if (value && typeof value === "object") {
      var copy = {};
      Object.keys(value).forEach(function (k) { copy[k] = scaled(value[k], factor, k); });
      return copy;
    }
    return typeof value === "number" && PIXELS[key] ? value * factor : value;
  }

  function sized(figure, factor) {
    // `width` of a bar is in units of its axis, so only layouts and named parts are scaled.
    var traces = figure.data.map(function (trace) {
      var kept = trace.width, copy = scaled(trace, factor, "");
      if (kept !== undefined) { copy.width = kept; }
      return copy;
    });
    return { data: traces, layout: scaled(figure.layout, factor, "") };
  }

  /* --- turning ----------------------------------------------------------------------------- */

  function show(index) {
    state.at = (index + state.names.length) % state.names.length;
    state.turnAt = Date.now() + TURN;
    var name = state.names[state.at];
    all("[data-scene]").forEach(function (s) { s.dataset.on = s.dataset.scene === name ? "1" : "0"; });
    all("[data-wall-tab]").forEach(function (t) {
      t.dataset.on = t.dataset.wallTab === name ? "1" : "0";
    });
    var bar = wall.querySelector(".wall-progress i");
    if (bar) { bar.style.animation = "none"; void bar.offsetWidth; bar.style.animation = ""; }
    want(name);
    freshness();
  }

  /* --- numbers ----------------------------------------------------------------------------- */

  function want(name) {
    var got = state.got[name];
    if (!state.version || (got && got.version === state.version)) { return; }
    var asked = state.asked[name], now = Date.now();
    if (asked && asked.version === state.version && now - asked.at < ASK_AGAIN) { return; }
    state.asked[name] = { version: state.version, at: now };
    setProps(partId("want", name), { data: state.version + "#" + now });
  }

  function wantAll() {
    var soon = state.turnAt - Date.now() < AHEAD;
    want(state.names[state.at]);
    if (state.got[state.names[state.at]] && (soon || !everything())) {
      for (var i = 1; i < state.names.length; i += 1) {
        var next = state.names[(state.at + i) % state.names.length];
        if (!state.got[next] || i === 1) { want(next); break; }
      }
    }
  }

  function everything() {
    return state.names.every(function (name) { return state.got[name]; });
  }

  function poll() {
    var again = function () {
      if (state) { timers[0] = window.setTimeout(poll, POLL * (0.9 + 0.2 * Math.random())); }
    };
    var stop = new AbortController();
    var late = window.setTimeout(function () { stop.abort(); }, 3500);
    fetch("/api/version", { credentials: "same-origin", cache: "no-store", signal: stop.signal })
      .then(function (answer) {
        if (answer.status === 401 || answer.status === 403 || answer.redirected) {
          return reload("signed out");
        }
        if (!answer.ok) { throw new Error(String(answer.status)); }
        var told = Date.parse(answer.headers.get("Date") || "");
        if (told) { state.skew = Math.abs(told - Date.now()) > 2000 ? told - Date.now() : 0; }
        return answer.json().then(heard);
      })
      .catch(function () { if (state) { state.missed += 1; } })
      .then(function () { window.clearTimeout(late); if (state) { freshness(); } again(); });
  }

  function heard(token) {
    if (!state) { return; }
    state.heardAt = Date.now();
    state.missed = 0;
    state.unsound = token.sound === false;
    state.version = token.data || token.version || "";
    if (state.build && token.build && state.build !== token.build) { reload("build"); }
    state.build = token.build || state.build;
    wantAll();
  }

  /* --- freshness --------------------------------------------------------------------------- */

  /* Times are those of the reporting time zone, which comes with the numbers. */
  function written(moment, options) {
    if (state.zone) { options.timeZone = state.zone; }
    return new Intl.DateTimeFormat(wall.dataset.locale, options).format(moment);
  }

  function hour(moment) {
    return written(moment, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  }

  function dayHour(moment) {
    var day = { year: "numeric", month: "numeric", day: "numeric" };
    var today = written(new Date(Date.now() + state.skew), day) === written(moment, day);
    return today ? hour(moment)
      : written(moment, { month: "numeric", day: "numeric" }) + " " + hour(moment);
  }

  function lateSources() {
    var got = state.got[state.names[state.at]], now = Date.now() + state.skew;
    return ((got && got.sources) || []).filter(function (source) {
      return source.watermark && now > Date.parse(source.watermark) + source.promise * 1000;
    });
  }

  function freshness() {
    if (!state) { return; }
    var now = Date.now(), late = lateSources(), words = wall.dataset, text = "";
    var silent = now - state.heardAt > SILENCE && now > state.busyUntil;
    var gone = state.missed >= MISSES || silent;
    if (gone) {
      var since = written(new Date(state.heardAt + state.skew), {
        hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23"
      });
      text = words.gone + " · " + words.since + " " + since;
    } else if (state.unsound) {
      text = words.unsound;
    } else if (late.length) {
      text = words.late + " · " + late.slice(0, 3).map(function (source) {
        return source.label + " " + words.since + " " + dayHour(new Date(source.watermark));
      }).join(" · ") + (late.length > 3 ? " · " + words.all.replace("{n}", late.length) : "");
    }
    say("wall-banner", text);
    wall.dataset.state = gone ? "gone" : state.unsound || late.length ? "late" : "fresh";
    var sets = {};
    late.forEach(function (source) { sets[source.dataset] = true; });
    all("[data-datasets]").forEach(function (card) {
      var old = card.dataset.datasets.split(" ").some(function (name) { return sets[name]; });
      card.dataset.late = old ? "1" : "0";
    });
    var got = state.got[state.names[state.at]];
    say("wall-asof", got && got.as_of ? words.to + " " + dayHour(new Date(got.as_of)) : "");
  }

  function say(id, text) {
    if (state.said[id] === text) { return; }
    state.said[id] = text;
    setProps(id, { children: text });
  }

  function tick() {
    if (!state) { return; }
    var now = new Date(Date.now() + state.skew);
    // A browser that was busy drawing, or asleep, has not heard the server: not its fault.
    if (Date.now() - state.tickedAt > GRACE) { state.busyUntil = Date.now() + SILENCE; }
    state.tickedAt = Date.now();
    say("wall-clock", hour(now));
    say("wall-date", written(now, {
      year: "numeric", month: "long", day: "numeric", weekday: "short"
    }));
    freshness();
    wantAll();
    if (Date.now() >= state.turnAt) { show(state.at + 1); }
    if (Date.now() >= state.nightAt) { state.nightAt = night(); reload("night"); }
    orbit();
  }

  /* Nothing may burn in: the stage wanders ±4 px within a minute. */
  function orbit() {
    var angle = (Date.now() % 60000) / 60000 * 2 * Math.PI, stage = byId("wall-stage");
    if (stage) {
      stage.style.transform = "translate(" + (4 * Math.cos(angle)).toFixed(1) + "px," +
        (4 * Math.sin(angle)).toFixed(1) + "px)";
    }
  }

  function night() {
    var next = new Date();
    next.setHours(4, Math.floor(Math.random() * 20), Math.floor(Math.random() * 60), 0);
    if (next.getTime() <= Date.now()) { next.setDate(next.getDate() + 1); }
    return next.getTime();
  }

  /* Only a server that answers may be reloaded from: else the wall would show a browser error. */
  function reload() {
    if (state.reloading) { return; }
    state.reloading = true;
    fetch("/healthz", { cache: "no-store" }).then(function (answer) {
      if (!answer.ok) { throw new Error("not well"); }
      window.location.reload();
    }).catch(function () { if (state) { state.reloading = false; } });
  }

  function pointer() {
    if (!wall) { return; }
    wall.dataset.idle = "0";
    window.clearTimeout(timers[2]);
    timers[2] = window.setTimeout(function () { if (wall) { wall.dataset.idle = "1"; } }, 3000);
  }

  function start(found) {
    wall = found;
    state = {
      at: 0, factor: 0, version: "", build: "", got: {}, asked: {}, said: {}, skew: 0, zone: found.dataset.zone || "",
      heardAt: Date.now(), tickedAt: Date.now(), busyUntil: 0, missed: 0, unsound: false, turnAt: Date.now() + TURN, nightAt: night(), reloading: false,
      names: Array.prototype.map.call(found.querySelectorAll("[data-scene]"), function (s) {
        return s.dataset.scene;
      })
    };
    document.documentElement.classList.add("has-wall");
    fit(); pointer(); tick(); poll();
    timers[1] = window.setInterval(tick, 1000);
  }

  function leave() {
    wall = null; state = null;
    window.clearTimeout(timers[0]); window.clearInterval(timers[1]); window.clearTimeout(timers[2]);
    document.documentElement.classList.remove("has-wall");
    document.documentElement.style.fontSize = "";
  }

  function look() {
    var found = byId("wall");
    if (found && found !== wall && found.querySelector("[data-scene]")) {
      if (wall) { leave(); }
      start(found);
    } else if (!found && wall) { leave(); }
  }

  window.setInterval(look, 400);
  window.addEventListener("resize", function () { if (state) { fit(); } });
  document.addEventListener("mousemove", pointer);
  document.addEventListener("keydown", function (event) {
    if (!state) { return; }
    if (event.key === "ArrowRight") { show(state.at + 1); }
    if (event.key === "ArrowLeft") { show(state.at - 1); }
  });
  document.addEventListener("click", function (event) {
    var tab = state && event.target.closest && event.target.closest("[data-wall-tab]");
    if (tab) { show(state.names.indexOf(tab.dataset.wallTab)); }
  });

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.wall = {
    draw: function (got, factor) {
      var outputs = window.dash_clientside.callback_context.outputs_list;
      if (!got) { return outputs.map(function () { return window.dash_clientside.no_update; }); }
      if (state && outputs.length) {
        state.got[outputs[0].id.scene] = got;
        state.zone = got.zone;
      }
      // A wall is read from afar: a fifth larger than a desk at the same size.
      var larger = (factor || 1) * 1.2;
      return outputs.map(function (output) { return sized(got.figures[output.id.card], larger); });
    }
  };
}());
