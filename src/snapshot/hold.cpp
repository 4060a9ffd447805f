#include "provrun/snapshot/hold.hpp"

#include <algorithm>
#include <set>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"
#include "provrun/codec/json.hpp"

namespace provrun::snapshot {

namespace {

constexpr std::uint64_t kHoldLimit = 16 << 20;
constexpr std::string_view kSuffix = ".json";

codec::Json texts(const std::vector<std::string>& items) {
  auto list = codec::Json::array();
  for (const auto& item : items) list.push_back(item);
  return list;
}
std::vector<std::string> texts_of(const codec::Json& json, std::string_view name) {
  std::vector<std::string> items;
  if (const auto* list = json.find(name))
    for (const auto& item : list->as_array()) items.push_back(item.as_string());
  return items;
}

std::string object_name(std::string_view id) {
  return base::format("holds/{}.json", id);
}

}  // namespace

std::string Hold::to_json() const {
  auto ids = codec::Json::array();
  for (const auto& snapshot : snapshots) ids.push_back(snapshot.to_hex());
  const auto json =
      codec::Json::object({{"provrun_hold", 1},
                           {"id", id},
                           {"created", created.to_rfc3339()},
                           {"user", user},
                           {"host", host},
                           {"reason", reason},
                           {"snapshots", ids},
                           {"filter", codec::Json::object({{"hosts", texts(filter.hosts)},
                                                           {"tags", texts(filter.tags)},
                                                           {"paths", texts(filter.paths)},
                                                           {"runs", texts(filter.runs)}})}});
  return json.dump() + "\n";
}

Hold parse_hold(std::string_view text) {
  try {
    const auto json = codec::parse_json(text);
    if (json.at("provrun_hold").as_integer() != 1)
      throw base::Error(base::ErrorCode::unsupported, "it is of a newer version");
    Hold hold;
    hold.id = json.at("id").as_string();
    hold.created =
        base::parse_timestamp(json.at("created").as_string()).value_or(base::Timestamp{});
    hold.user = json.get_string("user");
    hold.host = json.get_string("host");
    hold.reason = json.at("reason").as_string();
    for (const auto& id : texts_of(json, "snapshots")) {
      const auto digest = hash::parse_digest(id);
      if (!digest) throw base::Error(base::ErrorCode::corruption, "an id is none");
      hold.snapshots.push_back({*digest});
    }
    const auto& filter = json.at("filter");
    hold.filter = {texts_of(filter, "hosts"), texts_of(filter, "tags"), texts_of(filter, "paths"),
                   texts_of(filter, "runs")};
    return hold;
  } catch (base::Error& error) {
    if (error.code() == base::ErrorCode::unsupported) throw;
    throw base::Error(base::ErrorCode::corruption, error.message());
  }
}

bool Hold::keeps(const SnapshotId& snapshot, const Manifest& manifest) const {
  if (std::find(snapshots.begin(), snapshots.end(), snapshot) != snapshots.end()) return true;
  return !filter.empty() && fits(manifest, filter);
}

std::vector<Hold> list_holds(store::Repository& repository) {
  auto& backend = repository.backend();
  const auto names = backend.list("holds");
  const std::set<std::string> present(names.begin(), names.end());
  std::vector<Hold> holds;
  for (const auto& name : names) {
    if (!name.ends_with(kSuffix)) continue;
    const auto id = name.substr(0, name.size() - kSuffix.size());
    if (present.contains(id + ".released")) continue;
    try {
      holds.push_back(parse_hold(backend.read_all("holds/" + name, kHoldLimit)));
    } catch (base::Error& error) {
      error.add_context("cannot read the hold holds/" + base::printable(name));
      throw;
    }
  }
  std::sort(holds.begin(), holds.end(), [](const auto& a, const auto& b) {
    return a.created != b.created ? a.created < b.created : a.id < b.id;
  });
  return holds;
}

const Hold* find_hold(const std::vector<Hold>& holds, const SnapshotId& id,
                      const Manifest& manifest) {
  for (const auto& hold : holds)
    if (hold.keeps(id, manifest)) return &hold;
  return nullptr;
}

void add_hold(store::Repository& repository, const Hold& hold) {
  repository.backend().create(object_name(hold.id), hold.to_json());
  repository.backend().barrier();
}

Hold release_hold(store::Repository& repository, std::string_view id, std::string_view user,
                  std::string_view reason, base::Timestamp now) {
  std::vector<Hold> found;
  for (auto& hold : list_holds(repository))
    if (!id.empty() && hold.id.starts_with(id)) found.push_back(std::move(hold));
  if (found.empty())
    throw base::Error(base::ErrorCode::not_found,
                      base::format("there is no hold '{}'", base::printable(id)))
        .hint("'provrun hold list' lists them");
  if (found.size() > 1)
    throw base::Error(
        base::ErrorCode::invalid_input,
        base::format("'{}' is the beginning of {} holds", base::printable(id), found.size()))
        .hint("give more digits");
  const auto note =
      codec::Json::object({{"released", now.to_rfc3339()}, {"user", user}, {"reason", reason}});
  repository.backend().create(base::format("holds/{}.released", found.front().id),
                              note.dump() + "\n");
  repository.backend().barrier();
  return found.front();
}

}  // namespace provrun::snapshot
