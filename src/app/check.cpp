#include "provrun/app/check.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <mutex>
#include <thread>

#include "heal.hpp"
#include "index_cache.hpp"
#include "provrun/app/archive.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/quantity.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"
#include "provrun/os/environment.hpp"
#include "provrun/os/file.hpp"
#include "provrun/snapshot/checker.hpp"
#include "provrun/store/damage_notes.hpp"
#include "provrun/store/pack_check.hpp"
#include "verification_ledger.hpp"

namespace provrun::app {

namespace {

constexpr std::int64_t kRecent = 30 * 86400;         // seconds
constexpr std::chrono::seconds kLedgerInterval{20};  // how much verifying a kill may cost

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || result.ec != std::errc() || result.ptr != text.data() + text.size())
    return std::nullopt;
  return number;
}

struct ChosenPack {
  store::PackId id;
  std::uint64_t size = 0;
  std::int64_t verified = 0;
};

std::vector<ChosenPack> choose(std::vector<ChosenPack> packs, const CheckRequest& request,
                               std::int64_t now) {
  std::stable_sort(packs.begin(), packs.end(),
                   [](const auto& a, const auto& b) { return a.verified < b.verified; });
  std::uint64_t total = 0;
  for (const auto& pack : packs) total += pack.size;
  if (request.subset) {
    const auto& subset = *request.subset;
    if (subset.parts > 0)
      std::erase_if(packs, [&](const auto& pack) {
        std::uint64_t number = 0;
        for (int i = 0; i < 8; ++i)
          number = number << 8U | pack.id.digest.bytes[static_cast<std::size_t>(i)];
        return number % subset.parts != subset.part - 1;
      });
    std::optional<std::uint64_t> budget = subset.bytes;
    if (subset.percent)
      budget = static_cast<std::uint64_t>(static_cast<double>(total) * *subset.percent / 100.0);
    if (budget) {
      std::uint64_t sum = 0;
      std::size_t count = 0;
      while (count < packs.size() && (count == 0 || sum + packs[count].size <= *budget))
        sum += packs[count++].size;
      packs.resize(count);
    }
  }
  if (request.maximum_age) {
    const auto oldest =
        now - std::chrono::duration_cast<std::chrono::seconds>(*request.maximum_age).count();
    std::erase_if(packs, [&](const auto& pack) { return pack.verified > oldest; });
  }
  return packs;
}

// Reads packs on several threads, each the next in line.
class PackReader {
 public:
  PackReader(store::Repository& repository, const CheckRequest& request, CheckSummary& summary,
             VerificationLedger& ledger, const std::vector<store::PackId>& all,
             const std::function<void(const CheckProgress&)>& progress)
      : repository_(repository),
        request_(request),
        summary_(summary),
        ledger_(ledger),
        all_(all),
        progress_(progress) {}

  struct Damaged {
    store::PackId pack;
    std::vector<std::string> problems;
  };

  std::vector<Damaged> run(const std::vector<ChosenPack>& packs) {
    packs_ = &packs;
    for (const auto& pack : packs) total_ += pack.size;
    const auto threads = std::max(
        1U, request_.threads != 0 ? request_.threads : std::thread::hardware_concurrency());
    started_ = saved_ = os::steady_now();
    std::vector<std::thread> others;
    for (unsigned i = 1; i < std::min<std::size_t>(threads, packs.size()); ++i)
      others.emplace_back([this] { work(); });
    work();
    for (auto& thread : others) thread.join();
    ledger_.save(all_);
    if (failure_) std::rethrow_exception(failure_);
    summary_.remaining_packs = packs.size() - std::min(next_, packs.size());
    return std::move(damaged_);
  }

 private:
  void work() {
    while (true) {
      const ChosenPack* pack = nullptr;
      {
        const std::lock_guard lock(mutex_);
        const bool over =
            request_.maximum_duration && os::steady_now() - started_ >= *request_.maximum_duration;
        if (failure_ || over || next_ >= packs_->size()) return;
        pack = &(*packs_)[next_++];
      }
      try {
        if (request_.interrupted && request_.interrupted())
          throw base::Error(base::ErrorCode::cancelled, "interrupted")
              .hint("'provrun check --read-data --max-age 1d' goes on with what was not read");
        const auto verdict = store::verify_pack(repository_, pack->id, nullptr);
        const std::lock_guard lock(mutex_);
        ++summary_.verified_packs;
        summary_.verified_bytes += verdict.bytes;
        if (verdict.problems.empty()) {
          ledger_.set(pack->id, os::now().nanoseconds / 1'000'000'000);
        } else {
          ledger_.forget(pack->id);
          damaged_.push_back({pack->id, verdict.problems});
        }
        done_ += pack->size;
        if (progress_) progress_({"reading packs", done_, total_, true});
        if (os::steady_now() - saved_ > kLedgerInterval) {
          ledger_.save(all_);
          saved_ = os::steady_now();
        }
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
      }
    }
  }

  store::Repository& repository_;
  const CheckRequest& request_;
  CheckSummary& summary_;
  VerificationLedger& ledger_;
  const std::vector<store::PackId>& all_;
  const std::function<void(const CheckProgress&)>& progress_;
  const std::vector<ChosenPack>* packs_ = nullptr;
  std::mutex mutex_;
  std::size_t next_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  std::chrono::nanoseconds started_{};
  std::chrono::nanoseconds saved_{};
  std::vector<Damaged> damaged_;
  std::exception_ptr failure_;
};

CheckDamage damage_of(snapshot::NeededDamage needed) {
  CheckDamage damage{std::move(needed.object),
                     std::move(needed.problem),
                     std::move(needed.files),
                     needed.files_omitted,
                     {},
                     {}};
  for (const auto& id : needed.snapshots) damage.snapshots.push_back(id.to_hex());
  return damage;
}

}  // namespace

std::optional<Subset> parse_subset(const std::string& text) {
  Subset subset;
  if (const auto slash = text.find('/'); slash != std::string::npos) {
    const auto part = number_of(std::string_view(text).substr(0, slash));
    const auto parts = number_of(std::string_view(text).substr(slash + 1));
    if (!part || !parts || *part < 1 || *part > *parts) return std::nullopt;
    subset.part = *part;
    subset.parts = *parts;
    return subset;
  }
  if (text.ends_with('%')) {
    double percent = 0;
    const auto* end = text.data() + text.size() - 1;
    const auto result = std::from_chars(text.data(), end, percent);
    if (result.ec != std::errc() || result.ptr != end || !(percent > 0 && percent <= 100))
      return std::nullopt;
    subset.percent = percent;
    return subset;
  }
  subset.bytes = base::parse_size(text, true);
  if (!subset.bytes) return std::nullopt;
  return subset;
}

namespace {

// What one look has found.
struct Examination {
  CheckSummary summary;
  std::vector<CheckDamage> damage;
  store::PackSet suspect;  ///< packs that are damaged or missing
};

// What was found twice is one damage: what needs it was found the second time.
void add_damage(std::vector<CheckDamage>& damage, CheckDamage one) {
  const auto known = std::find_if(damage.begin(), damage.end(),
                                  [&](const auto& other) { return other.object == one.object; });
  if (known == damage.end()) {
    damage.push_back(std::move(one));
  } else if (!one.files.empty() || !one.snapshots.empty()) {
    known->files = std::move(one.files);
    known->files_omitted = one.files_omitted;
    known->snapshots = std::move(one.snapshots);
  }
}

std::optional<store::PackId> pack_named(const std::string& name) {
  constexpr std::size_t kPrefix = 9;  // "packs/ab/"
  if (!name.starts_with("packs/") || name.size() <= kPrefix + 64) return std::nullopt;
  const auto id = hash::parse_digest(std::string_view(name).substr(kPrefix, 64));
  if (!id) return std::nullopt;
  return store::PackId{*id};
}

Examination examine(store::Repository& repository, const CheckRequest& request, bool read_data,
                    const std::function<void(const CheckProgress&)>& progress) {
  Examination found;
  auto& summary = found.summary;
  if (progress) progress({"looking at the repository's files", 0, 0, false});
  auto& backend = repository.backend();
  auto structure = store::check_structure(repository, store::ReadPacks::no);
  store::check_epochs(repository, structure);
  summary.objects = structure.objects;
  summary.verified_bytes = structure.verified_bytes;
  const auto ids = store::list_packs(backend);
  summary.packs = ids.size();
  const store::PackSet present(ids.begin(), ids.end());
  for (const auto& one : structure.damage) {
    if (const auto id = pack_named(one.name)) found.suspect.insert(*id);
    add_damage(found.damage, {one.name, one.problem, {}, 0, {}, {}});
  }
  const auto now = os::now().nanoseconds / 1'000'000'000;
  VerificationLedger ledger(
      os::join_path(os::cache_directory(), "verified/" + repository.id().to_string()));
  if (read_data) {
    std::vector<ChosenPack> packs;
    for (const auto& id : ids)
      packs.push_back({id, backend.size_of(id.object_name()).value_or(0), ledger.verified(id)});
    PackReader reader(repository, request, summary, ledger, ids, progress);
    for (const auto& one : reader.run(choose(std::move(packs), request, now))) {
      found.suspect.insert(one.pack);
      add_damage(found.damage,
                 {one.pack.object_name(), base::join(one.problems, "; "), {}, 0, {}, {}});
    }
  }
  for (const auto& id : ids)
    if (ledger.verified(id) > now - kRecent) ++summary.verified_recently;
  const auto snapshots = snapshot::check_snapshots(
      repository, present, found.suspect,
      [&](std::uint64_t trees) {
        if (request.interrupted && request.interrupted())
          throw base::Error(base::ErrorCode::cancelled, "interrupted");
        if (progress) progress({"looking at folders", trees, 0, false});
      },
      nullptr);
  // Also of packs that are gone: what they held is stored again by who has it.
  store::keep_damage_notes(repository, index_cache_directory());
  summary.snapshots = snapshots.snapshots;
  summary.objects += snapshots.trees;
  for (const auto& one : snapshots.damage) {
    if (const auto id = pack_named(one.object)) found.suspect.insert(*id);
    add_damage(found.damage, damage_of(one));
  }
  summary.damaged = found.damage.size();
  return found;
}

// Repairs what was found, looks again, and says of each damage what became of it.
void repair_found(store::Repository& repository, const CheckRequest& request, Examination& found,
                  const std::function<void(const CheckProgress&)>& progress) {
  const auto healed = heal(repository, found.damage, found.suspect, request, progress);
  auto quiet = request;
  auto after = examine(repository, quiet, false, progress);
  for (const auto& pack : healed.unrepaired)
    add_damage(after.damage, {pack.object_name(), "it is damaged", {}, 0, {}, {}});
  for (auto& one : found.damage) {
    const auto left = std::find_if(after.damage.begin(), after.damage.end(),
                                   [&](const auto& other) { return other.object == one.object; });
    if (left == after.damage.end()) {
      const auto how = healed.how.find(one.object);
      one.repaired =
          how == healed.how.end() ? std::string("what it lies in, repaired") : how->second;
      ++found.summary.repaired;
      continue;
    }
    if (const auto why = healed.problems.find(one.object); why != healed.problems.end())
      one.problem += "; not repaired: " + why->second;
    after.damage.erase(left);
  }
  // What only shows now, such as the pieces of a pack that could not be repaired.
  for (auto& one : after.damage) {
    found.damage.push_back(std::move(one));
    ++found.summary.damaged;
  }
  found.summary.parity_groups_made = healed.parity_groups_made;
}

}  // namespace

CheckSummary check_repository(const CheckRequest& request,
                              const std::function<void(const CheckDamage&)>& visit,
                              const std::function<void(const CheckProgress&)>& progress) {
  std::unique_ptr<store::Repository> opened;
  try {
    opened = open_repository(locate_repository_here(request.repository), Missing::fail);
  } catch (const base::Error& error) {
    if (error.code() != base::ErrorCode::corruption) throw;
    CheckSummary summary;
    summary.damaged = 1;
    visit({"config.json", error.message(), {}, 0, {}, {}});
    return summary;
  }
  auto found = examine(*opened, request, request.read_data, progress);
  if (request.repair) repair_found(*opened, request, found, progress);
  for (const auto& one : found.damage) visit(one);
  return found.summary;
}

IndexRepairSummary repair_index(const std::optional<std::string>& repository,
                                const std::function<void(const CheckDamage&)>& visit) {
  const auto opened = open_repository(locate_repository_here(repository), Missing::fail);
  const auto report = store::rebuild_index(*opened);
  IndexRepairSummary summary{report.packs, report.chunks, report.published_snapshots, 0};
  const auto ids = store::list_packs(opened->backend());
  const store::PackSet present(ids.begin(), ids.end());
  store::PackSet suspect;
  std::vector<CheckDamage> damage;
  for (const auto& name : report.damaged_packs) {
    if (const auto id = hash::parse_digest(std::string_view(name).substr(9, 64)))
      suspect.insert(store::PackId{*id});
    damage.push_back({name, "it has no readable footer", {}, 0, {}, {}});
  }
  auto snapshots = snapshot::check_snapshots(*opened, present, suspect, {}, nullptr);
  for (auto& one : snapshots.damage) {
    auto found = damage_of(std::move(one));
    const auto known = std::find_if(damage.begin(), damage.end(), [&](const auto& other) {
      return other.object == found.object;
    });
    if (known == damage.end()) {
      damage.push_back(std::move(found));
    } else {
      found.problem = known->problem;
      *known = std::move(found);
    }
  }
  for (const auto& one : damage) visit(one);
  summary.damaged = damage.size();
  return summary;
}

}  // namespace provrun::app
