#include <algorithm>
#include <array>
#include <csignal>

#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "scalar.hpp"
#include "step_loader.hpp"

// `resources` and `retries` of a step.
namespace provrun::pipeline {

namespace {

constexpr std::array<std::string_view, 5> kResourceKeys{"cpus", "gpu", "memory", "pool", "time"};
constexpr std::int64_t kMaxCpus = 1'000'000;
constexpr std::int64_t kMaxGpus = kMaxPool;
constexpr std::int64_t kMaxRetries = 1000;
constexpr std::string_view kAttempt = "{attempt}";

// "{attempt}*4GiB" and "4GiB * {attempt}": the amount, and that it grows with the attempts.
struct Growth {
  std::string_view amount;
  bool grows = false;
};
Growth split_growth(std::string_view text) {
  text = base::trim(text);
  if (text.starts_with(kAttempt)) {
    const auto rest = base::trim(text.substr(kAttempt.size()));
    if (rest.starts_with('*')) return {base::trim(rest.substr(1)), true};
  }
  if (text.ends_with(kAttempt)) {
    const auto rest = base::trim(text.substr(0, text.size() - kAttempt.size()));
    if (rest.ends_with('*')) return {base::trim(rest.substr(0, rest.size() - 1)), true};
  }
  return {text, false};
}

void set_demand(std::vector<Demand>& demands, Demand demand) {
  const auto at =
      std::lower_bound(demands.begin(), demands.end(), demand.name,
                       [](const Demand& one, const std::string& name) { return one.name < name; });
  const bool is_there = at != demands.end() && at->name == demand.name;
  if (is_there)
    *at = std::move(demand);
  else
    demands.insert(at, std::move(demand));
}

std::optional<Demand> read_memory(FieldReader& fields, const Node& node, Where where) {
  if (node.is_scalar()) {
    const auto growth = split_growth(node.text());
    if (const auto bytes = parse_size_field(growth.amount); bytes && *bytes > 0)
      return Demand{"memory", *bytes, growth.grows};
  }
  fields.report(node, {"memory", where.step}, "a size such as 4GiB or \"{attempt}*4GiB\"",
                "units: B, kB, MB, GB, TB, KiB, MiB, GiB, TiB");
  return std::nullopt;
}

std::optional<Demand> read_count(FieldReader& fields, const Node& node, const std::string& name,
                                 Where where, std::int64_t most) {
  if (node.value_kind() != Value::Kind::text) {
    const auto number = fields.integer(node, {name, where.step}, 0, most);
    if (!number) return std::nullopt;
    return Demand{name, static_cast<std::uint64_t>(*number), false};
  }
  const auto growth = split_growth(node.text());
  const bool plain = !growth.amount.empty() && growth.amount.size() <= 9 &&
                     growth.amount.find_first_not_of("0123456789") == std::string_view::npos;
  const auto number = plain ? to_integer(growth.amount) : std::nullopt;
  if (growth.grows && number && *number <= most)
    return Demand{name, static_cast<std::uint64_t>(*number), true};
  fields.report(node, {name, where.step}, "a whole number or \"{attempt}*NUMBER\"");
  return std::nullopt;
}

void read_time(FieldReader& fields, const Node& node, Where where, Resources& resources) {
  const Where time{"time", where.step};
  const auto growth = node.is_scalar() ? split_growth(node.text()) : Growth{};
  const auto limit =
      growth.grows ? parse_duration_field(growth.amount) : fields.duration(node, time);
  if (!limit) {
    if (growth.grows) fields.report(node, time, "a duration such as 2h or \"{attempt}*2h\"");
    return;
  }
  if (limit->count() == 0) fields.report(node, time, "more than nothing");
  resources.time_limit = *limit;
  resources.time_limit_grows = growth.grows;
}

const Pool* find_pool(std::span<const Pool> pools, std::string_view name) {
  const auto found =
      std::find_if(pools.begin(), pools.end(), [&](const Pool& pool) { return pool.name == name; });
  return found != pools.end() ? &*found : nullptr;
}

// The names of signals that programs end by, without SIG.
constexpr std::array<std::pair<std::string_view, int>, 17> kSignals{{{"HUP", SIGHUP},
                                                                     {"INT", SIGINT},
                                                                     {"QUIT", SIGQUIT},
                                                                     {"ILL", SIGILL},
                                                                     {"TRAP", SIGTRAP},
                                                                     {"ABRT", SIGABRT},
                                                                     {"BUS", SIGBUS},
                                                                     {"FPE", SIGFPE},
                                                                     {"KILL", SIGKILL},
                                                                     {"USR1", SIGUSR1},
                                                                     {"SEGV", SIGSEGV},
                                                                     {"USR2", SIGUSR2},
                                                                     {"PIPE", SIGPIPE},
                                                                     {"ALRM", SIGALRM},
                                                                     {"TERM", SIGTERM},
                                                                     {"XCPU", SIGXCPU},
                                                                     {"XFSZ", SIGXFSZ}}};

std::optional<int> parse_number(std::string_view text, int most) {
  if (text.empty() || text.size() > 3) return std::nullopt;
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number >= 1 && number <= most ? std::optional(number) : std::nullopt;
}

std::optional<int> parse_signal(std::string_view text) {
  if (const auto number = parse_number(text, 64)) return number;
  if (text.starts_with("SIG")) text.remove_prefix(3);
  for (const auto& [name, number] : kSignals)
    if (name == text) return number;
  return std::nullopt;
}

std::optional<RetryCause> parse_cause(std::string_view text) {
  using Kind = RetryCause::Kind;
  if (text == "oom") return RetryCause{Kind::out_of_memory, 0};
  if (text == "timeout") return RetryCause{Kind::timeout, 0};
  if (text == "output") return RetryCause{Kind::output, 0};
  if (text == "signal") return RetryCause{Kind::signal, 0};
  if (text == "exit") return RetryCause{Kind::exit, 0};
  if (text.starts_with("exit:"))
    if (const auto code = parse_number(text.substr(5), 255)) return RetryCause{Kind::exit, *code};
  if (text.starts_with("signal:"))
    if (const auto number = parse_signal(text.substr(7))) return RetryCause{Kind::signal, *number};
  return std::nullopt;
}

}  // namespace

bool is_resource_key(std::string_view name) {
  return std::find(kResourceKeys.begin(), kResourceKeys.end(), name) != kResourceKeys.end();
}

void read_resources(FieldReader& fields, Diagnostics& diagnostics, const Node& node, Where where,
                    std::span<const Pool> pools, Resources& resources) {
  if (!fields.require_map(node, where)) return;
  std::vector<std::string> pool_names;
  for (const auto& pool : pools) pool_names.push_back(pool.name);
  const auto add = [&](std::optional<Demand> demand, Place place) {
    if (!demand) return;
    const auto* pool = find_pool(pools, demand->name);
    if (pool != nullptr && demand->amount > pool->limit)
      diagnostics.add(place,
                      base::format("{} takes {} of the pool '{}', which has {}", where.to_string(),
                                   demand->amount, pool->name, pool->limit),
                      "it could never run");
    set_demand(resources.demands, std::move(*demand));
  };
  KeySet keys;
  keys.known.assign(kResourceKeys.begin(), kResourceKeys.end());
  keys.known.insert(keys.known.end(), pool_names.begin(), pool_names.end());
  fields.check_keys(node, keys, where);
  for (std::size_t i = 0; i < node.size(); ++i) {
    const std::string key(node.key(i));
    const auto value = node.value(i);
    if (key == "cpus") {
      if (const auto number = fields.integer(value, {"cpus", where.step}, 1, kMaxCpus))
        resources.cpus = static_cast<std::uint32_t>(*number);
    } else if (key == "time") {
      read_time(fields, value, where, resources);
    } else if (key == "memory") {
      add(read_memory(fields, value, where), value.place());
    } else if (key == "gpu") {
      add(read_count(fields, value, key, where, kMaxGpus), value.place());
    } else if (key == "pool") {
      for (const auto& item : fields.one_or_more(value, {"pool", where.step})) {
        if (find_pool(pools, item.text()) != nullptr)
          add(Demand{std::string(item.text()), 1, false}, item.place());
        else
          diagnostics.add(
              item.place(), base::format("there is no pool '{}'", base::printable(item.text())),
              suggestion(item.text(), pool_names,
                         pools.empty()
                             ? "declare it: 'pools: {" + std::string(item.text()) + ": 2}'"
                             : "pools: " + base::join(pool_names, ", ")));
      }
    } else if (find_pool(pools, key) != nullptr) {
      add(read_count(fields, value, key, where, kMaxPool), value.place());
    }
  }
}

void read_retries(FieldReader& fields, const Node& node, Where where, RetryPolicy& retries) {
  static const KeySet keys{{"max", "on", "backoff"}, {}};
  retries = RetryPolicy();
  if (!node.is_map()) {
    if (const auto number = fields.integer(node, where, 0, kMaxRetries))
      retries.max = static_cast<std::uint32_t>(*number);
    return;
  }
  fields.check_keys(node, keys, where);
  if (const auto value = node.find("max")) {
    if (const auto number = fields.integer(*value, {"max", where.step}, 0, kMaxRetries))
      retries.max = static_cast<std::uint32_t>(*number);
  } else {
    fields.report_missing(node, "max", where);
  }
  if (const auto value = node.find("backoff"))
    if (const auto pause = fields.duration(*value, {"backoff", where.step}))
      retries.backoff = *pause;
  if (const auto value = node.find("on"))
    for (const auto& item : fields.one_or_more(*value, {"on", where.step})) {
      if (const auto cause = parse_cause(item.text()))
        retries.on.push_back(*cause);
      else
        fields.report(item, {"on", where.step},
                      "a cause: oom, timeout, output, exit, exit:CODE, signal or signal:NAME");
    }
}

}  // namespace provrun::pipeline
