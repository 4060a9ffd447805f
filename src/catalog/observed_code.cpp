#include "observed_code.hpp"

#include <unordered_set>

#include "outputs_code.hpp"
#include "provrun/base/error.hpp"
#include "provrun/db/transaction.hpp"
#include "values.hpp"

namespace provrun::catalog {

namespace {

constexpr std::uint8_t kObservedVersion = 1;
constexpr std::size_t kDigestSize = 32;

// Where the ids begin, and how many they are.
std::pair<std::size_t, std::uint64_t> ids_of(db::Bytes bytes) {
  if (bytes.empty()) return {0, 0};
  std::size_t offset = 1;
  const auto count = bytes[0] == kObservedVersion ? take_number(bytes, offset) : UINT64_MAX;
  if (count > (bytes.size() - offset) / kDigestSize) throw damaged("what a step was seen to use");
  return {offset, count};
}

void put_text(std::vector<std::uint8_t>& out, std::string_view text) {
  out.insert(out.end(), text.begin(), text.end());
}

}  // namespace

std::vector<std::uint8_t> pack_observed(const RememberedStep& step) {
  std::vector<std::uint8_t> out;
  if (step.access_sets.empty() && step.accesses.empty()) return out;
  out.push_back(kObservedVersion);
  put_number(out, step.access_sets.size());
  for (const auto& id : step.access_sets)
    out.insert(out.end(), id.digest.bytes.begin(), id.digest.bytes.end());
  if (!step.accesses.empty())
    put_text(out, core::text_of(core::PathClass::workspace, step.accesses));
  return out;
}

std::vector<core::ContentId> unpack_access_sets(db::Bytes bytes) {
  const auto [offset, count] = ids_of(bytes);
  std::vector<core::ContentId> ids;
  for (std::uint64_t i = 0; i < count; ++i)
    ids.push_back({digest_of(bytes.subspan(offset + i * kDigestSize, kDigestSize))});
  return ids;
}

std::vector<core::Access> unpack_accesses(db::Bytes bytes) {
  const auto [offset, count] = ids_of(bytes);
  const auto text = text_of(bytes.subspan(offset + count * kDigestSize));
  if (text.empty()) return {};
  try {
    return core::parse_access_set(text).accesses;
  } catch (const base::Error&) {
    throw damaged("what a step was seen to use");
  }
}

core::AccessSetPtr State::find_access_set(const core::ContentId& id) {
  auto query = database_.statement("SELECT body FROM access_sets WHERE digest=?");
  query.bind(1, db::Bytes(id.digest.bytes));
  if (!query.step()) return nullptr;
  constexpr std::size_t kLargest = 64U << 20U;
  try {
    const auto text = decompressor_.decompress(query.blob(0), kLargest);
    auto set = core::parse_access_set({reinterpret_cast<const char*>(text.data()), text.size()});
    if (set.id != id) return nullptr;
    return std::make_shared<const core::AccessSet>(std::move(set));
  } catch (const base::Error&) {
    return nullptr;  // the repository has it too
  }
}

void State::put_access_sets(std::span<const core::AccessSetPtr> sets) {
  if (sets.empty()) return;
  db::Transaction transaction(database_);
  auto insert = database_.statement("INSERT OR IGNORE INTO access_sets VALUES(?,?)");
  for (const auto& set : sets) {
    const auto text = core::text_of(*set);
    const auto frame =
        compressor_.compress({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    insert.run_with(set->id.digest.bytes, frame);
  }
  transaction.commit();
}

std::optional<std::vector<core::ListingEntry>> State::find_listing(const core::ContentId& listing) {
  auto query = database_.statement("SELECT names FROM listings WHERE digest=?");
  query.bind(1, db::Bytes(listing.digest.bytes));
  if (!query.step()) return std::nullopt;
  const auto names = text_of(query.blob(0));
  std::vector<core::ListingEntry> entries;
  for (std::size_t at = 0; at < names.size();) {
    const auto end = names.find('\0', at);
    if (end == std::string_view::npos || names[at] > 5) return std::nullopt;
    entries.push_back(
        {std::string(names.substr(at + 1, end - at - 1)), static_cast<core::Presence>(names[at])});
    at = end + 1;
  }
  return entries;
}

void State::put_listings(
    std::span<const std::pair<core::ContentId, std::vector<core::ListingEntry>>> listings) {
  if (listings.empty()) return;
  db::Transaction transaction(database_);
  auto insert = database_.statement("INSERT OR IGNORE INTO listings VALUES(?,?)");
  for (const auto& [id, entries] : listings) {
    std::vector<std::uint8_t> names;
    for (const auto& entry : entries) {
      names.push_back(static_cast<std::uint8_t>(entry.type));
      put_text(names, entry.name);
      names.push_back(0);
    }
    insert.run_with(id.digest.bytes, names);
  }
  transaction.commit();
}

void State::drop_unused_sets() {
  db::Transaction transaction(database_);
  std::unordered_set<core::ContentId> sets;
  std::unordered_set<core::ContentId> listings;
  const auto add_listings = [&](const std::vector<core::Access>& accesses) {
    for (const auto& access : accesses)
      if (access.uses.has(core::Use::list) && access.content) listings.insert(*access.content);
  };
  {
    auto query = database_.statement("SELECT observed FROM last_executions");
    while (query.step()) {
      for (const auto& id : unpack_access_sets(query.blob(0))) sets.insert(id);
      add_listings(unpack_accesses(query.blob(0)));
    }
  }
  for (const auto& id : sets)
    if (const auto set = find_access_set(id)) add_listings(set->accesses);
  const auto drop = [&](std::string_view select, std::string_view remove,
                        const std::unordered_set<core::ContentId>& used) {
    std::vector<core::ContentId> unused;
    {
      auto query = database_.statement(select);
      while (query.step())
        if (const core::ContentId id{digest_of(query.blob(0))}; !used.contains(id))
          unused.push_back(id);
    }
    auto statement = database_.statement(remove);
    for (const auto& id : unused) statement.run_with(id.digest.bytes);
  };
  drop("SELECT digest FROM access_sets", "DELETE FROM access_sets WHERE digest=?", sets);
  drop("SELECT digest FROM listings", "DELETE FROM listings WHERE digest=?", listings);
  database_.execute(
      "DELETE FROM search_paths WHERE id NOT IN (SELECT search_path FROM last_executions WHERE "
      "search_path IS NOT NULL)");
  transaction.commit();
}

}  // namespace provrun::catalog
