#include "provrun/policy/retention.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"

namespace provrun::policy {

namespace {

constexpr std::int64_t kDay = 86'400'000'000'000;

std::int64_t floor_days(base::Timestamp time) {
  const auto days = time.nanoseconds / kDay;
  return time.nanoseconds % kDay < 0 ? days - 1 : days;
}

// The name of the hour, day, … a time is in, as it stands in a reason. "20260801T120000Z" is what
// it is cut from.
std::string hour_of(base::Timestamp time) {
  const auto text = time.to_rfc3339();
  return text.substr(0, 13) + "h";
}
std::string day_of(base::Timestamp time) {
  return time.to_rfc3339().substr(0, 10);
}
std::string week_of(base::Timestamp time) {
  // 1970-01-01 was a Thursday: the week's Monday names it.
  const auto days = floor_days(time);
  const auto weekday = ((days + 3) % 7 + 7) % 7;
  return "of " + day_of({(days - weekday) * kDay});
}
std::string month_of(base::Timestamp time) {
  return time.to_rfc3339().substr(0, 7);
}
std::string year_of(base::Timestamp time) {
  return time.to_rfc3339().substr(0, 4);
}

struct Period {
  const char* name;
  int RetentionRules::*count;
  std::string (*of)(base::Timestamp);
};
constexpr std::array<Period, 5> kPeriods{{{"hourly", &RetentionRules::hourly, hour_of},
                                          {"daily", &RetentionRules::daily, day_of},
                                          {"weekly", &RetentionRules::weekly, week_of},
                                          {"monthly", &RetentionRules::monthly, month_of},
                                          {"yearly", &RetentionRules::yearly, year_of}}};

std::vector<std::string> sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  return texts;
}

// Runs of a workflow and backups are never of one group: neither may push out the other.
std::string group_of(const RetainedSnapshot& snapshot, const RetentionRules& rules) {
  std::vector<std::string> parts;
  if (rules.group_by_host) parts.push_back("host " + snapshot.host);
  if (rules.group_by_paths) parts.push_back("paths " + base::join(sorted(snapshot.paths), " "));
  if (rules.group_by_tags) {
    const auto tags = sorted(snapshot.tags);
    parts.push_back(tags.empty() ? "no tags" : "tags " + base::join(tags, " "));
  }
  if (!snapshot.workflow.empty()) parts.push_back("workflow " + snapshot.workflow);
  return parts.empty() ? std::string("all") : base::join(parts, ", ");
}

bool has_all(const std::vector<std::string>& tags, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& tag) {
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
  });
}

bool newer(const RetainedSnapshot& a, const RetainedSnapshot& b) {
  return a.time != b.time ? a.time > b.time : a.id > b.id;
}

class Planner {
 public:
  Planner(const std::vector<RetainedSnapshot>& snapshots, const RetentionRules& rules,
          const RetentionQuestions& questions)
      : snapshots_(snapshots), rules_(rules), questions_(questions) {
    plan_.verdicts.resize(snapshots.size());
  }

  RetentionPlan plan() {
    make_groups();
    for (const auto& group : groups_) keep_by_count(group);
    for (std::size_t i = 0; i < snapshots_.size(); ++i)
      if (!snapshots_[i].hold.empty()) keep(i, "hold: " + snapshots_[i].hold);
    if (!rules_.allow_empty) keep_newest();
    std::vector<bool> too_large(snapshots_.size());
    if (rules_.max_size) too_large = trim();
    if (rules_.lineage) keep_sources();
    for (std::size_t i = 0; i < snapshots_.size(); ++i) {
      auto& verdict = plan_.verdicts[i];
      if (verdict.keep) continue;
      verdict.reasons = {too_large[i] ? "beyond " + base::format_size(*rules_.max_size)
                                      : std::string("no rule keeps it")};
    }
    return std::move(plan_);
  }

 private:
  void keep(std::size_t snapshot, std::string reason) {
    plan_.verdicts[snapshot].keep = true;
    plan_.verdicts[snapshot].reasons.push_back(std::move(reason));
  }

  void make_groups() {
    std::map<std::string, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < snapshots_.size(); ++i)
      groups[group_of(snapshots_[i], rules_)].push_back(i);
    for (auto& [name, members] : groups) {
      std::sort(members.begin(), members.end(),
                [&](std::size_t a, std::size_t b) { return newer(snapshots_[a], snapshots_[b]); });
      for (const auto i : members) plan_.verdicts[i].group = plan_.groups.size();
      plan_.groups.push_back(name);
      groups_.push_back(std::move(members));
    }
  }

  void keep_by_count(const std::vector<std::size_t>& group) {
    const auto wanted = [](int count, int so_far) {
      return count == RetentionRules::kAll || so_far < count;
    };
    for (std::size_t n = 0; n < group.size(); ++n)
      if (wanted(rules_.last, static_cast<int>(n))) keep(group[n], base::format("last {}", n + 1));
    for (const auto& period : kPeriods) {
      int so_far = 0;
      std::string before;
      for (const auto i : group) {
        // A failed run must not take the place of the day's good one.
        if (!snapshots_[i].complete) continue;
        if (!wanted(rules_.*period.count, so_far)) break;
        auto name = period.of(snapshots_[i].time);
        if (name == before) continue;
        keep(i, base::format("{} {}", period.name, name));
        before = std::move(name);
        ++so_far;
      }
    }
    for (const auto i : group) {
      if (rules_.within &&
          snapshots_[group.front()].time.nanoseconds - snapshots_[i].time.nanoseconds <=
              rules_.within->count())
        keep(i, "within " + base::format_duration(*rules_.within));
      for (const auto& tags : rules_.tags)
        if (has_all(snapshots_[i].tags, tags)) keep(i, "tag " + base::join(tags, ","));
    }
    // With nothing but a size every snapshot is a candidate to stay.
    if (rules_.max_size && !any_but_size())
      for (const auto i : group) keep(i, "fits in " + base::format_size(*rules_.max_size));
  }

  bool any_but_size() const {
    auto rules = rules_;
    rules.max_size.reset();
    return rules.any();
  }

  void keep_newest() {
    for (const auto& group : groups_) {
      const auto kept = [&](std::size_t i) { return plan_.verdicts[i].keep; };
      if (std::any_of(group.begin(), group.end(), kept)) continue;
      const auto complete = std::find_if(group.begin(), group.end(),
                                         [&](std::size_t i) { return snapshots_[i].complete; });
      keep(complete == group.end() ? group.front() : *complete, "the newest of its group");
    }
  }

  // Newest first; what is held, and the newest of each group, is counted and stays in any case.
  std::vector<bool> trim() {
    if (!questions_.added_bytes)
      throw base::Error(base::ErrorCode::invalid_input, "nobody tells how large snapshots are");
    std::vector<bool> removed(snapshots_.size());
    std::vector<bool> fixed(snapshots_.size());
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < snapshots_.size(); ++i) {
      if (!plan_.verdicts[i].keep) continue;
      order.push_back(i);
      fixed[i] = !snapshots_[i].hold.empty();
    }
    if (!rules_.allow_empty)
      for (const auto& group : groups_)
        for (const auto i : group)
          if (plan_.verdicts[i].keep) {
            fixed[i] = true;
            break;
          }
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return fixed[a] != fixed[b] ? fixed[a] > fixed[b] : newer(snapshots_[a], snapshots_[b]);
    });
    std::uint64_t bytes = 0;
    bool full = false;
    for (const auto i : order) {
      if (!full) bytes += questions_.added_bytes(i);
      full = full || bytes > *rules_.max_size;
      if (!full || fixed[i]) continue;
      plan_.verdicts[i].keep = false;
      removed[i] = true;
    }
    return removed;
  }

  void keep_sources() {
    if (!questions_.sources)
      throw base::Error(base::ErrorCode::invalid_input, "nobody tells what made the inputs");
    std::vector<std::size_t> queue;
    for (std::size_t i = 0; i < snapshots_.size(); ++i)
      if (plan_.verdicts[i].keep) queue.push_back(i);
    while (!queue.empty()) {
      const auto kept = queue.back();
      queue.pop_back();
      for (const auto source : questions_.sources(kept)) {
        if (plan_.verdicts[source].keep) continue;
        keep(source, "lineage of " + snapshots_[kept].id);
        queue.push_back(source);
      }
    }
  }

  const std::vector<RetainedSnapshot>& snapshots_;
  const RetentionRules& rules_;
  const RetentionQuestions& questions_;
  RetentionPlan plan_;
  std::vector<std::vector<std::size_t>> groups_;  ///< members newest first
};

}  // namespace

bool RetentionRules::any() const {
  return last != 0 || hourly != 0 || daily != 0 || weekly != 0 || monthly != 0 || yearly != 0 ||
         within || !tags.empty() || max_size;
}

RetentionPlan plan_retention(const std::vector<RetainedSnapshot>& snapshots,
                             const RetentionRules& rules, const RetentionQuestions& questions) {
  return Planner(snapshots, rules, questions).plan();
}

std::vector<std::vector<std::size_t>> orphaned(
    const std::vector<bool>& kept,
    const std::function<std::vector<std::size_t>(std::size_t)>& sources) {
  std::vector<std::vector<std::size_t>> lost(kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i]) continue;
    std::vector<bool> seen(kept.size());
    std::vector<std::size_t> queue{i};
    seen[i] = true;
    while (!queue.empty()) {
      const auto at = queue.back();
      queue.pop_back();
      for (const auto source : sources(at)) {
        if (seen[source]) continue;
        seen[source] = true;
        if (!kept[source]) lost[i].push_back(source);
        queue.push_back(source);
      }
    }
    std::sort(lost[i].begin(), lost[i].end());
  }
  return lost;
}

}  // namespace provrun::policy
